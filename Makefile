# The one door: every command that CI or a person runs. `make` alone lists them.

# The first Python that is new enough; `make PYTHON=/path/to/python3.12 ...` chooses another.
PYTHON ?= $(shell for python in python3 python3.11 python3.12 python3.13 python3.14; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input install
PROTO_VENV := .venv-proto
PEERS_VENV := .venv-peers
K8S_VENV := .venv-k8s
SETTINGS_PAGE := $(BIN)/python -m services.runtime.settings_table \
	services.flags.settings:FlagsSettings services.telemetry.settings:TelemetrySettings services.metrics.settings:MetricsSettings \
	services.gateway.settings:GatewaySettings services.controller.settings:ControllerSettings services.demo_shop.settings:DemoShopSettings \
	services.cli.connection:CliSettings
OPENAPI := $(BIN)/buf build -o - | $(BIN)/python -m services.gateway.describing
BENCHMARKS := evaluation ruleset remote fanout kill ingestion track delivery live live_rebuild dashboard alerts analytics experiments tripwire
PROJECTS := pyproject.toml clients/python/pyproject.toml
RUNTIME := $(VENV)/.runtime-installed
DEV := $(VENV)/.dev-installed
API := clients/python/mirante/api
WITH_NODE := PYTHON=$(PYTHON) scripts/with_node.sh
NODE_MODULES := node_modules/.installed
DASHBOARD := clients/dashboard/dist
SHOP_PAGE := examples/vendas_web/dist

# Added to the commands that take arguments: make test ARGS="tests/unit -k kill"
ARGS ?=
# Tests wait more than they compute: more processes than cores. WORKERS=0 runs them one after the other, in order.
WORKERS ?= 3
# make run DEMO=0 starts without the demo's flags
DEMO ?= 1

# make rehearse: from which revision of the history; empty upgrades this version to one that adds to all tables
PREVIOUS ?=

# make images: which, and their tag
IMAGES ?= flags telemetry metrics gateway controller migrate demo-shop
VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)

.DEFAULT_GOAL := help
.PHONY: help setup run test test-python test-web lint lint-web format proto proto-check docs docs-check screenshots bench conformance rehearse drill load e2e images images-check k8s-check k8s-apiserver deploy-dev undeploy-dev clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(DEV) ## everything a developer needs, into .venv

run: $(RUNTIME) $(DASHBOARD)/index.html ## the whole system on embedded datastores, in the foreground; DEMO=0 starts it empty
	@MIRANTE_DASHBOARD_DIR=$${MIRANTE_DASHBOARD_DIR-$(DASHBOARD)} exec $(BIN)/mirante up $(if $(filter 0 no false,$(DEMO)),--no-demo) $(ARGS)

test: test-web test-python ## all tests but the load tests

test-web: $(NODE_MODULES) ## tests of what runs in browsers
	@$(WITH_NODE) npm run --silent test

test-python: $(DEV) $(DASHBOARD)/index.html $(SHOP_PAGE)/index.html ## all others, in WORKERS processes, each with its own datastores
	@scripts/browser.sh >/dev/null
	@MIRANTE_TEST_DASHBOARD=$(DASHBOARD) MIRANTE_TEST_VENDAS_WEB=$(SHOP_PAGE) $(BIN)/pytest --numprocesses $(WORKERS) --dist worksteal $(ARGS)

lint: $(DEV) lint-web ## style, types, import rules, contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/buf lint
	$(BIN)/buf format --diff --exit-code

lint-web: $(NODE_MODULES) $(DASHBOARD)/index.html $(SHOP_PAGE)/index.html
	@$(WITH_NODE) npm run --silent lint
	@$(WITH_NODE) npm run --silent typecheck
	@$(WITH_NODE) npm run --silent size
	@$(WITH_NODE) npm run --silent contract:check -w clients/web

format: $(DEV) ## the style that `make lint` asks for
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/buf format --write

proto: $(PROTO_VENV)/.installed ## the Python code of the contracts, from protos/
	scripts/generate_protos.sh $(PROTO_VENV) clients/python

proto-check: $(PROTO_VENV)/.installed ## the committed code is what protos/ says
	@fresh=$$(mktemp -d) && trap 'rm -rf "$$fresh"' EXIT && \
	scripts/generate_protos.sh $(PROTO_VENV) "$$fresh" && \
	diff --recursive --exclude=__pycache__ "$$fresh/mirante/api" $(API) >&2 || \
	{ echo "$(API) is not what protos/ says: run make proto" >&2; exit 1; }

docs: $(DEV) ## docs/settings.md from the settings in the code, the gateway's OpenAPI document from the contracts, k8s's copy of the alert rules
	@$(SETTINGS_PAGE) > docs/settings.md
	@$(OPENAPI) > services/gateway/openapi.json.new && mv services/gateway/openapi.json.new services/gateway/openapi.json
	@$(BIN)/python -m k8s.prometheus_rules >/dev/null

docs-check: $(DEV) ## the first two are what the code says; a test compares the rules
	@$(SETTINGS_PAGE) | diff docs/settings.md - || { echo "docs/settings.md is not what the code says: run make docs" >&2; exit 1; }
	@$(OPENAPI) | cmp - services/gateway/openapi.json || { echo "services/gateway/openapi.json is not what the contracts say: run make docs" >&2; exit 1; }

screenshots: $(DEV) $(DASHBOARD)/index.html $(SHOP_PAGE)/index.html ## docs/screenshots, of the demo, in a few minutes
	@scripts/browser.sh >/dev/null
	@MIRANTE_TEST_DASHBOARD=$(DASHBOARD) MIRANTE_TEST_VENDAS_WEB=$(SHOP_PAGE) $(BIN)/python -m tests.support.screenshots $(ARGS)

bench: $(addprefix bench-,$(BENCHMARKS)) ## every benchmark, each printing one JSON object; one alone: make bench-NAME

bench-evaluation: $(PEERS_VENV)/.installed
	@PYTHONPATH=clients/python:. $(PEERS_VENV)/bin/python -m benchmarks.evaluation $(ARGS)

bench-delivery: $(DEV) $(PEERS_VENV)/.installed
	@$(BIN)/python -m benchmarks.delivery $(ARGS)

bench-dashboard: $(DEV) $(DASHBOARD)/index.html
	@$(BIN)/python -m benchmarks.dashboard $(ARGS)

bench-%: $(DEV)
	@$(BIN)/python -m benchmarks.$* $(ARGS)

conformance: $(DEV) ## the golden cases through every door
	@$(BIN)/pytest tests/conformance $(ARGS)

rehearse: $(DEV) ## under load: a standby takes over, a release is rolled out (PREVIOUS=REVISION upgrades from that one), a backup is restored
	@MIRANTE_PREVIOUS=$(PREVIOUS) $(BIN)/pytest tests/load/test_failover.py tests/load/test_upgrade.py tests/load/test_restore.py $(ARGS)

drill: $(RUNTIME) ## a guarded canary on the running demo, and its time line; ARGS=--harmless for one that runs to 100 %
	@$(BIN)/python -m services.demo_shop.canary_drill $(ARGS)

load: $(DEV) ## the long tests: storms, kill -9 in a loop, overload
	@$(BIN)/pytest tests/load $(ARGS)

images: ## container images, by docker or podman: make images IMAGES="flags gateway"
	@builder=$$(command -v docker || command -v podman) || { echo "images are built by docker or podman" >&2; exit 1; }; \
	for image in $(IMAGES); do $$builder build --file Containerfile --target $$image --build-arg REVISION=$$(git rev-parse HEAD) \
	--tag mirante/$$image:$(VERSION) . || exit 1; done

images-check: $(DEV) ## executes the Containerfile without a builder, and starts every service from it; needs root
	@$(BIN)/pytest -rs tests/images $(ARGS)

k8s-check: $(DEV) $(K8S_VENV)/.installed ## all that can be known of the manifests without a cluster; errors are planted and seen
	@$(K8S_VENV)/bin/python -m k8s.checks
	@$(BIN)/pytest -rs tests/unit/k8s $(ARGS)

k8s-apiserver: $(DEV) ## the manifests and the controller on a real API server: that of KUBECONFIG, or one from KUBEBUILDER_ASSETS
	@$(BIN)/pytest -rs -m apiserver tests/apiserver tests/integration/controller $(ARGS)

deploy-dev: ## Mirante, a Postgres, a Valkey and the demo on the cluster that kubectl speaks to
	@kubectl apply -k k8s/overlays/dev
	@kubectl --namespace mirante wait --for=condition=Complete job --all --timeout=10m
	@kubectl --namespace mirante rollout status deployment --timeout=10m

undeploy-dev: ## takes it away again, its data included
	@kubectl delete --ignore-not-found -k k8s/overlays/dev

e2e: $(DEV) ## whole processes
	@$(BIN)/pytest tests/e2e $(ARGS)

clean: ## removes the environments and caches; .mirante, which holds data, stays
	rm -rf $(VENV) $(PROTO_VENV) $(PEERS_VENV) $(K8S_VENV) .venv-node node_modules $(DASHBOARD) $(SHOP_PAGE) clients/web/dist dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# `pip install` sees one installed set: the development lock holds all of the runtime lock, with the same versions.
$(RUNTIME): requirements/runtime.lock $(PROJECTS) | $(BIN)/python
	@echo "installing what the service needs into $(VENV)"
	@$(PIP) --require-hashes --requirement requirements/runtime.lock
	@$(PIP) --no-build-isolation --no-deps --editable clients/python --editable .
	@touch $@

$(DEV): requirements/dev.lock $(PROJECTS) | $(BIN)/python
	@echo "installing what development needs into $(VENV)"
	@$(PIP) --require-hashes --requirement requirements/dev.lock
	@$(PIP) --no-build-isolation --no-deps --editable clients/python --editable .
	@touch $(RUNTIME) $@

$(PROTO_VENV)/.installed: protos/requirements.lock | $(PROTO_VENV)/bin/python
	@$(PROTO_VENV)/bin/python -m pip --quiet --disable-pip-version-check --no-input install \
	--require-hashes --requirement protos/requirements.lock
	@touch $@

$(PEERS_VENV)/.installed: benchmarks/peers.lock | $(PEERS_VENV)/bin/python
	@echo "installing the evaluators to compare with into $(PEERS_VENV)" >&2
	@$(PEERS_VENV)/bin/python -m pip --quiet --disable-pip-version-check --no-input install \
	--require-hashes --requirement benchmarks/peers.lock
	@touch $@

$(K8S_VENV)/.installed: k8s/requirements.lock | $(K8S_VENV)/bin/python
	@echo "installing what checks manifests into $(K8S_VENV)" >&2
	@$(K8S_VENV)/bin/python -m pip --quiet --disable-pip-version-check --no-input install \
	--require-hashes --requirement k8s/requirements.lock
	@touch $@

$(NODE_MODULES): package-lock.json package.json $(wildcard clients/*/package.json examples/*/package.json)
	@echo "installing what runs in browsers into node_modules"
	@$(WITH_NODE) npm ci --silent --no-progress
	@touch $@

# What a folder's build is made of: all its files but those that are made.
sources = $(shell find $(1) -name node_modules -prune -o -name dist -prune -o -type f ! -name schema.d.ts -print)

clients/web/dist/index.js: $(NODE_MODULES) $(call sources,clients/web)
	@$(WITH_NODE) npm run --silent build -w clients/web
	@touch $@

$(DASHBOARD)/index.html: $(NODE_MODULES) services/gateway/openapi.json $(call sources,clients/dashboard)
	@echo "building the dashboard"
	@$(WITH_NODE) npm run --silent build -w clients/dashboard
	@touch $@

$(SHOP_PAGE)/index.html: clients/web/dist/index.js $(call sources,examples/vendas_web)
	@$(WITH_NODE) npm run --silent build -w examples/vendas_web
	@touch $@

$(BIN)/python $(PROTO_VENV)/bin/python $(PEERS_VENV)/bin/python $(K8S_VENV)/bin/python: %/bin/python:
	@test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo "Mirante needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	{ echo "$(PYTHON) lacks the venv module; on Debian: apt install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv $*
