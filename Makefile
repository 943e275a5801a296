# Every target works alone on a fresh clone: what it needs is set up first.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
CORE := $(VENV)/.compiled

# Versions and hashes alone: no address, no path, no date, so that a lock differs only where a version does.
LOCK_OPTIONS := --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links

# The core's tests run on the compiled core too, but for those that replace parts of it.
OF_THE_CORE := tests/unit/core tests/unit/edges tests/unit/replay tests/properties tests/scenarios tests/simulation --ignore=tests/simulation/test_broken_rules.py
# What a shell starts in the background does not hear Ctrl-C: tests of that go in the foreground.
WAITING := tests/integration tests/chaos tests/e2e
WATCHING := tests/operations tests/benchmarks
COMPUTING := $(filter-out $(WAITING) $(WATCHING),$(patsubst %/,%,$(wildcard tests/*/)))

.PHONY: help setup demo test chaos goldens check bench bench-scale bench-restart bench-ledger bench-peers pictures lock clean

help:  ## list what make can do here
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(CORE)  ## install the locked versions and the project into .venv, and compile the core

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v <= (3, 13) else f"voucherwatch needs Python 3.11 to 3.13, and $(PYTHON) is {v[0]}.{v[1]}; name another with: make PYTHON=python3.12 ...")'
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@echo "installing the locked versions into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# Without a C compiler the core stays interpreted: the same answers, more slowly.
$(CORE): $(STAMP) .ci/compile_core.py $(foreach end,py pyx pxi,$(wildcard streams/core/*.$(end) streams/core/*/*.$(end)))
	@$(BIN)/python .ci/compile_core.py $(if $(filter 1,$(VOUCHERWATCH_REQUIRE_ALL)),--require)
	@touch $@

demo: $(STAMP)  ## run the whole pipeline for a minute on simulated traffic
	@$(BIN)/voucherwatch demo $(ARGS)

# Three lots go side by side: two mostly wait for brokers and windows, the third computes.
test: $(CORE)  ## run every test; what cannot run here is named with its reason
ifneq ($(strip $(ARGS)),)
	@$(BIN)/python -m pytest $(ARGS)
else
	@mkdir -p .cache; failed=0; \
	$(BIN)/python -m pytest -p no:cacheprovider $(WATCHING) >.cache/watching.log 2>&1 & watching=$$!; \
	( $(BIN)/python -m pytest -p no:cacheprovider $(COMPUTING) || failed=1; \
	if test -d streams/core/_compiled; then \
		echo "the core's tests once more, on the compiled core:"; \
		VOUCHERWATCH_TEST_COMPILED=1 $(BIN)/python -m pytest -q -p no:cacheprovider $(OF_THE_CORE) || failed=1; \
	else echo "skipped: the tests of the compiled core, since there is none (see above)"; fi; exit $$failed ) >.cache/computing.log 2>&1 & computing=$$!; \
	$(BIN)/python -m pytest $(WAITING) || failed=1; \
	echo "the tests of what operations see and of the benchmarks, which ran beside these:"; \
	wait $$watching || failed=1; cat .cache/watching.log; \
	echo "the tests without brokers, which ran beside these:"; wait $$computing || failed=1; cat .cache/computing.log; \
	exit $$failed
endif

chaos: $(CORE)  ## kill, freeze and restart workers and broker under load for minutes, and account for every anomaly
	@$(BIN)/python -m tests.chaos $(ARGS)

goldens: $(STAMP)  ## write the ends of the golden stories anew; read the difference before it is committed
	@$(BIN)/python -m tests.scenarios.refresh

check: $(STAMP)  ## lint, format, types, layers, sizes, stale docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy streams tests dashboards $(wildcard benchmarks)
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest -q tests/contracts

# uv resolves for every platform and Python at once; it stays out of the locked environment.
lock:  ## resolve the versions again; make lock ARGS=--upgrade takes the newest
	@test -x .cache/lock/bin/uv || { $(PYTHON) -m venv .cache/lock && .cache/lock/bin/python -m pip install --quiet 'uv>=0.6'; }
	.cache/lock/bin/uv pip compile $(LOCK_OPTIONS) $(ARGS) --group dev -o requirements.lock pyproject.toml
	.cache/lock/bin/uv pip compile $(LOCK_OPTIONS) --constraint requirements.lock -o requirements-worker.lock pyproject.toml

bench: $(CORE)  ## print the measured figures
	@$(BIN)/python -m benchmarks $(ARGS)

bench-scale: $(CORE)  ## let one, two and four workers read the same log
	@$(BIN)/python -m benchmarks.scale $(ARGS)

bench-restart: $(CORE)  ## kill a worker with a million vouchers pending and time the next one
	@$(BIN)/python -m benchmarks.restart $(ARGS)

pictures: $(CORE)  ## draw the pictures of docs/dashboards.md from a run of four minutes
	@$(BIN)/python -m tests.operations.pictures $(ARGS)

bench-ledger: $(CORE)  ## what the ledger on disk costs in speed and space
	@$(BIN)/python -m benchmarks.ledger $(ARGS)

bench-peers: $(CORE)  ## compare with Faust, quixstreams, Pathway, Kafka Streams and Flink; fetches them first
	@$(BIN)/python -m benchmarks.peers $(ARGS)

clean:  ## remove what the other targets made, the cached Kafka included
	rm -rf $(VENV) .cache .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis build dist
	rm -rf streams/core/_compiled
	find streams tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
