#!/usr/bin/env bash
# Pins every dependency with hashes and without registry addresses. Needs uv on PATH; run it to upgrade on purpose.
set -euo pipefail
cd "$(dirname "$0")/.."
compile() { uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header "$@"; }
project=(--no-emit-package mirante pyproject.toml --group build)
compile "${project[@]}" -o requirements/runtime.lock
compile "${project[@]}" --group dev --constraint requirements/runtime.lock -o requirements/dev.lock
compile protos/requirements.in -o protos/requirements.lock
compile --no-emit-package mirante benchmarks/peers.in clients/python/pyproject.toml -o benchmarks/peers.lock
compile requirements/node.in -o requirements/node.lock
