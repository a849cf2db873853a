# `make` alone lists the targets. Everything runs from a fresh clone: `setup` is part of each.
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup run test check format bench sim sim-mutants coverage mutation chaos lock screenshots clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  \033[1m%-12s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(BIN)/.installed ## Make .venv with every package, pinned and hashed

$(BIN)/.installed: requirements-dev.txt pyproject.toml
	@echo "Setting up .venv (once; about a minute, most of it downloads)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "ChargeChase needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

run: setup ## Start everything on this machine, with a rehearsal Stripe unless a key is set
	@exec $(BIN)/chargechase run

test: setup ## Run every test, a process for each core, at most four
	@$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal

check: setup ## Lint, types, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: setup ## Let ruff fix and format what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: setup ## Measure how fast it is; goals beside figures
	@$(BIN)/python -m bench

sim: setup ## Simulate whole histories with faults at every port: make sim SEEDS=500
	@$(BIN)/python -m tests.simulation $(SEEDS)

sim-mutants: setup ## Plant known bugs and see the simulation find each
	@$(BIN)/python -m tests.simulation --mutants

coverage: setup ## Which lines and branches of the domain its own tests reach
	@$(BIN)/python -m coverage run --source=domain -m pytest tests/domain
	@$(BIN)/python -m coverage report --show-missing --skip-covered

mutation: setup ## Change the domain ten thousand times; its tests should notice (an hour or two)
	@$(BIN)/python -m tests.mutation

chaos: setup ## Kill processes, empty Redis, hurt Stripe for ten minutes; then ask the ledgers
	@$(BIN)/python -m tests.chaos

screenshots: setup ## Take the pictures of the README from a running installation
	@$(BIN)/python docs/make_screenshots.py $${CHARGECHASE_DATA_DIR:-.chargechase}/run.json docs/screenshots

lock: ## Compile the locked requirements (needs uv on the PATH)
	@uv pip compile $(LOCK) requirements.in -o requirements.txt
	@uv pip compile $(LOCK) requirements-dev.in -o requirements-dev.txt

clean: ## Remove the environment, caches and this folder's data
	@rm -rf .venv .chargechase .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info

LOCK := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --no-header --override requirements-overrides.txt
