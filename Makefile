# `make demo` makes faces, `make test` runs every check; each sets up what it needs in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
VOICE ?=

.PHONY: help demo setup test test-slow test-oldest lint format types bench clean

help:
	@echo "make demo [VOICE=me.wav]  faces from voices, on one sheet"
	@echo "make setup                .venv with everything that development needs"
	@echo "make test                 format, lint, types, tests"
	@echo "make test-slow            the tests that take minutes"
	@echo "make test-oldest          the tests with the oldest allowed dependencies"
	@echo "make bench                the benchmarks; results go to benchmarks/results"

# The demo needs no torch: an environment with the base install serves it, and so does the full one.
demo: $(VENV)/.base
ifeq ($(VOICE),)
	@$(BIN)/voice2face cohort demo/cohort --identities 12 --seed 1 --clips 1 --faces 0
	@$(BIN)/voice2face reconstruct demo/cohort/voices -o demo/faces --sheet
	@echo 'These voices are synthetic. For your own: make demo VOICE=me.wav'
else
	@$(BIN)/voice2face reconstruct "$(VOICE)" -o demo/faces --sheet
endif

setup: $(VENV)/.dev

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON): older than 3.11; name a newer one: make PYTHON=python3.12 ..." >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "$(PYTHON): cannot make an environment; apt install python3-venv" >&2; exit 2; }

$(VENV)/.base: $(BIN)/python pyproject.toml constraints/tested.txt
	@test -f $(VENV)/.dev || $(BIN)/python -m pip install --quiet --constraint constraints/tested.txt --editable .
	@touch $@

$(VENV)/.dev: $(BIN)/python pyproject.toml constraints/tested.txt
	$(BIN)/python -m pip install --quiet --constraint constraints/tested.txt --editable '.[dev]'
	@touch $@

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

types: setup
	$(BIN)/mypy --strict src

test: lint types
	$(BIN)/python -m pytest -m "not slow"

test-slow: setup
	$(BIN)/python -m pytest -m slow

test-oldest:
	$(PYTHON) -m venv $(VENV)-oldest
	$(VENV)-oldest/bin/python -m pip install --quiet --constraint constraints/oldest.txt --editable '.[dev]'
	$(VENV)-oldest/bin/python -m pytest -m "not slow"

bench: setup
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) $(VENV)-oldest build dist demo
