# campaign-bridge: everything needs only Python 3.11 with venv; each target makes .venv when it is missing.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help demo test test-system lint format clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | sort

$(READY): pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { echo "error: $(PYTHON) has no venv module; hint: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev
	@touch $@

demo: $(READY) ## sandbox, daemon, a real match, SIGKILLs in the middle, and the audit
	@$(BIN)/campaign-bridge demo $(DEMO_ARGS)

test: $(READY) lint ## lint, types, import contracts and every test that Python alone can run
	@$(BIN)/python -m pytest -q -n 4 -m 'not system'

test-system: $(READY) ## the tests that need root and apt packages; fails, naming the apt line, where one is missing
	@$(BIN)/python -m pytest -q -m system

lint: $(READY) ## ruff, mypy --strict, import-linter
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache > .lint-imports.log || { cat .lint-imports.log; exit 1; }

format: $(READY) ## ruff format and the fixes it is sure of
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

clean: ## remove what the targets made
	rm -rf $(VENV) .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .hypothesis dist build .lint-imports.log
