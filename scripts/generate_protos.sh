#!/usr/bin/env bash
# Generates mirante/api under OUT from protos/. The proto root is the Python package, so no import is rewritten.
set -euo pipefail
usage="usage: generate_protos.sh VENV OUT"
bin=$(cd "${1:?$usage}" && pwd)/bin
out=$(cd "${2:?$usage}" && pwd)
cd "$(dirname "$0")/.."
rm -rf "$out/mirante/api"
mapfile -t protos < <(find protos -name '*.proto' | sort)
PATH="$bin:$PATH" "$bin/python" -m grpc_tools.protoc -I protos \
    --python_out="$out" --grpc_python_out="$out" --mypy_out="quiet:$out" --mypy_grpc_out="quiet:$out" "${protos[@]}"
# protoc writes empty service modules for files without a service, and no packages.
for proto in "${protos[@]}"; do
    if ! grep -q '^service ' "$proto"; then
        stem=$out/${proto#protos/}
        rm -f "${stem%.proto}_pb2_grpc.py" "${stem%.proto}_pb2_grpc.pyi"
    fi
done
find "$out/mirante/api" -type d -exec touch {}/__init__.py \;
