#!/usr/bin/env bash
# Prints the path of a Chromium or Chrome. Where there is none, root on Debian gets its package; others are told what to do.
set -euo pipefail

found() {
    if [ -n "${MIRANTE_CHROMIUM:-}" ]; then
        command -v "$MIRANTE_CHROMIUM" ||
            { echo "MIRANTE_CHROMIUM names $MIRANTE_CHROMIUM, which cannot be run" >&2; exit 1; }
    else
        command -v chromium || command -v chromium-browser || command -v google-chrome
    fi
}

found && exit
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    echo "installing Chromium" >&2
    export DEBIAN_FRONTEND=noninteractive
    install=(apt-get install --yes --quiet --quiet --no-install-recommends chromium)
    # A machine that never asked for packages knows none.
    { "${install[@]}" || { apt-get update --quiet --quiet && "${install[@]}"; }; } >&2
    found && exit
fi
echo "the browser tests need Chromium or Chrome on PATH, or its path in MIRANTE_CHROMIUM;" \
    "on Debian: apt-get install --no-install-recommends chromium" >&2
exit 1
