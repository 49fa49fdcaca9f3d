# campaign-bridge: everything needs only Python 3.11 with venv; each target makes .venv when it is missing.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# The tests start some hundred processes: let Python keep what it compiled.
unexport PYTHONDONTWRITEBYTECODE
# COVER=1 measures coverage as well: `make coverage`.
PYTEST := $(if $(COVER),$(BIN)/coverage run -m,$(BIN)/python -m) pytest -q

.PHONY: help demo test test-system test-openarena coverage bench bench-quick bench-page lint format man deb clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | sort

$(READY): pyproject.toml
	@echo "setting up $(VENV), once"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { echo "error: $(PYTHON) has no venv module; hint: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev
	@touch $@

demo: $(READY) ## sandbox, daemon, a real match, SIGKILLs in the middle, and the audit
	@$(BIN)/campaign-bridge demo $(DEMO_ARGS)

test: $(READY) lint ## lint, types, import contracts and every test that Python alone can run
	@$(PYTEST) -n 4 --dist worksteal -m 'not system and not openarena'

test-system: $(READY) ## the tests that need root and apt packages; fails, naming the apt line, where one is missing
	@$(PYTEST) -n 2 --dist loadfile -m system

test-openarena: $(READY) ## a real game of OpenArena, to its payouts; names the apt line where it is missing
	@$(PYTEST) -m openarena

coverage: $(READY) ## every test with coverage measured, a third slower; fails below 95 %
	@$(MAKE) COVER=1 test test-system
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report --fail-under=95

bench: $(READY) ## all goals of speed, each beside its reference; BENCH_ARGS="--goals 1,growth --runs 3"
	@$(BIN)/python -m benchmarks $(BENCH_ARGS)

bench-quick: $(READY) ## the same in two minutes; fails where a must is missed by more than a factor of two
	@$(BIN)/python -m benchmarks --quick $(BENCH_ARGS)

bench-page: $(READY) ## docs/performance.md, of the last full runs
	@$(BIN)/python -m benchmarks.page

lint: $(READY) ## ruff, mypy --strict, import-linter
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache > .lint-imports.log || { cat .lint-imports.log; exit 1; }

format: $(READY) ## ruff format and the fixes it is sure of
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

man: $(READY) ## the manual pages, into build/man
	@$(BIN)/python -m bridge.cli.man build/man

deb: $(READY) ## the Debian package, with all Python packages that it needs, into build/
	@packaging/deb/build

clean: ## remove what the targets made
	rm -rf $(VENV) .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .hypothesis dist build .lint-imports.log
