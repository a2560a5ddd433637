#!/usr/bin/env bash
# Pins every dependency with hashes and without registry addresses. Needs uv on PATH; run it to upgrade on purpose.
set -euo pipefail
cd "$(dirname "$0")/.."
compile() { uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header "$@"; }
project=(--no-emit-package mirante pyproject.toml --group build)
compile "${project[@]}" -o requirements/runtime.lock
compile "${project[@]}" --group dev --constraint requirements/runtime.lock -o requirements/dev.lock
# What images hold: the versions of the runtime lock, without what they do not need.
image=(--no-emit-package mirante pyproject.toml --constraint requirements/runtime.lock --excludes requirements/images/embedded.excludes)
# The metrics service may be told to write to ClickHouse.
compile "${image[@]}" --extra clickhouse --constraint requirements/dev.lock -o requirements/images/columnar.lock
compile "${image[@]}" --excludes requirements/images/columnar.excludes -o requirements/images/plain.lock
compile requirements/images/sbom.in -o requirements/images/sbom.lock
compile k8s/requirements.in -o k8s/requirements.lock
compile protos/requirements.in -o protos/requirements.lock
compile --no-emit-package mirante benchmarks/peers.in clients/python/pyproject.toml -o benchmarks/peers.lock
compile requirements/node.in -o requirements/node.lock
