#!/usr/bin/env bash
# Runs a command with Node and npm on PATH: the machine's when they are new enough, otherwise those of a wheel, in .venv-node.
set -euo pipefail
cd "$(dirname "$0")/.."

new_enough='const [major, minor] = process.versions.node.split(".").map(Number);
process.exit(major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19) ? 0 : 1)'

if [ -n "${MIRANTE_NODE_WHEEL:-}" ] || ! command -v npm >/dev/null || ! node -e "$new_enough" 2>/dev/null; then
    if [ ! -e .venv-node/.installed ]; then
        echo "installing Node from a wheel into .venv-node" >&2
        "${PYTHON:-python3}" -m venv .venv-node
        .venv-node/bin/python -m pip --quiet --disable-pip-version-check --no-input install \
            --require-hashes --requirement requirements/node.lock
        touch .venv-node/.installed
    fi
    PATH="$PWD/.venv-node/bin:$PATH"
fi
exec "$@"
