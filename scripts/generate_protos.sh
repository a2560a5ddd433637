#!/usr/bin/env bash
# Regenerates clients/python/mirante/api from protos/. The proto root is the Python package, so no import is rewritten.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$(cd "${1:?usage: generate_protos.sh VENV}" && pwd)/bin
out=clients/python
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
