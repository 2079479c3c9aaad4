# Everything starts here: `make` lists what there is. Each target does its own set-up.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
# The quick tests wait a fifth of their time: one process more than there are cores.
PROCESSES ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
BIN := .venv/bin
STATE ?= var/demo
LOCK := --quiet --generate-hashes --no-header --no-annotate
PROTO := $(wildcard proto/gateway/api/v1/*.proto)
INCLUDES = -Iproto -I$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')

.PHONY: help demo serve test test-slow lint lock proto proto-check bench check clean

help: ## List the targets.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  %-12s %s\n", $$1, $$2}'

# The stamps say what is installed: .venv/run what popgate needs, .venv/dev also what its developers need.
.venv/run: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "popgate needs Python 3.11 or newer; set PYTHON=..." >&2; exit 1; }
	@test -e $@ || rm -rf .venv  # a first installation that was interrupted begins anew
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev: .venv/run requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

demo: .venv/run ## The whole story in under three minutes: seed, serve, look up, sync, audit, verify.
	@$(BIN)/popgate demo --state $(STATE)

serve: .venv/run ## Serve the demo's registry until Ctrl-C.
	@$(BIN)/popgate demo serve --state $(STATE)

# The tests start programs by the hundred: those keep what Python compiled, whatever the environment says.
test test-slow: export PYTHONDONTWRITEBYTECODE =

test: .venv/dev ## The quick tests, about five minutes on two cores.
	$(BIN)/python -m pytest -m "not slow" --numprocesses $(PROCESSES) --dist loadfile --no-loadscope-reorder

test-slow: .venv/dev ## The long tests, about eight minutes: crashes under load, large populations.
	$(BIN)/python -m pytest -m slow --timeout 1800

lint: .venv/dev ## Style and types.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lock: .venv/dev ## Lock what pyproject.toml asks for; versions already locked stay where they fit.
	$(BIN)/uv pip compile $(LOCK) --group build pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile $(LOCK) --group dev pyproject.toml -o requirements-dev.lock

proto: .venv/dev ## Regenerate gateway/api/v1 from the contract.
	$(BIN)/python -m grpc_tools.protoc $(INCLUDES) --python_out=. --pyi_out=. $(PROTO)
	$(BIN)/python -m grpc_tools.protoc $(INCLUDES) --grpc_python_out=. $(filter %_service.proto,$(PROTO))

proto-check: .venv/dev ## Lint the contract, look for breaking changes, compare the generated code.
	@PATH="$(CURDIR)/$(BIN):$$PATH" .ci/proto-check

bench: .venv/dev ## Measure against the bare echo and the budgets; writes var/bench.json.
	@$(BIN)/python -m tests.bench

check: lint proto-check test ## All that has to pass before a change lands.

clean: ## Remove what the other targets made.
	rm -rf .venv var .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
