# `make demo` makes faces, `make test` runs every check; each sets up what it needs in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
VOICE ?=

.PHONY: help demo serve setup test tests test-slow test-oldest test-light lint format types docs dist bench clean

help:
	@echo "make demo [VOICE=me.wav]  faces from voices, on one sheet"
	@echo "make serve                the page, on http://127.0.0.1:7860"
	@echo "make setup                .venv with everything that development needs"
	@echo "make test                 format, lint, types, tests"
	@echo "make test-slow            the tests that take minutes"
	@echo "make test-oldest          the tests with the oldest allowed dependencies"
	@echo "make test-light           the tests that need no torch, in an environment that has none"
	@echo "make docs                 the documents as a site, in site/"
	@echo "make dist                 the wheel and the source archive, in dist/"
	@echo "make bench                the benchmarks; results go to benchmarks/results"

# The demo needs no torch: an environment with the base install serves it, and so does the full one.
demo: $(VENV)/.base
ifeq ($(VOICE),)
	@$(BIN)/voice2face reconstruct src/voice2face/assets/voices/*.webm -o demo/faces --sheet --faces 3
	@echo 'These are readers of LibriSpeech (CC BY 4.0). For your own voice: make demo VOICE=me.wav'
else
	@$(BIN)/voice2face reconstruct "$(VOICE)" -o demo/faces --sheet --faces 3
endif

serve: $(VENV)/.web
	@$(BIN)/voice2face serve

setup: $(VENV)/.dev

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON): older than 3.11; name a newer one: make PYTHON=python3.12 ..." >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "$(PYTHON): cannot make an environment; apt install python3-venv" >&2; exit 2; }

$(VENV)/.base: $(BIN)/python pyproject.toml constraints/tested.txt
	@test -f $(VENV)/.dev || $(BIN)/python -m pip install --quiet --constraint constraints/tested.txt --editable .
	@touch $@

$(VENV)/.web: $(BIN)/python pyproject.toml constraints/tested.txt
	@test -f $(VENV)/.dev || $(BIN)/python -m pip install --quiet --constraint constraints/tested.txt --editable '.[web]'
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

test: lint types tests

# A file's tests stay together, for what they share. One thread for each, so that two don't contend.
tests: setup
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not slow" -n auto --maxprocesses 4 --dist loadfile

test-slow: setup
	$(BIN)/python -m pytest -m slow

test-oldest:
	$(PYTHON) -m venv $(VENV)-oldest
	$(VENV)-oldest/bin/python -m pip install --quiet --constraint constraints/oldest.txt --editable '.[dev]'
	$(VENV)-oldest/bin/python -m pytest -m "not slow"

# For a Python or a machine that torch is not to be had for: make test-light PYTHON=python3.13
test-light:
	$(PYTHON) -m venv $(VENV)-light
	$(VENV)-light/bin/python -m pip install --quiet --constraint constraints/tested.txt --editable '.[test]'
	$(VENV)-light/bin/python -m pytest -m "not slow"

docs: setup
	$(BIN)/mkdocs build --strict --quiet

dist: setup
	$(BIN)/python -m build --no-isolation

bench: setup
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) $(VENV)-oldest $(VENV)-light build dist site demo
