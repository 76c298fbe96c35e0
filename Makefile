# Needs Python 3.11 to 3.13 and make, nothing else.
#   make quickstart   install into .venv, make a small corpus, run the first experiment
#   make test         everything that is checked before a change goes in
# Another Python: make quickstart PYTHON=python3.12

PYTHON ?= python3
VENV ?= .venv
WORKERS ?= 2
# of PyTorch a version that is known to work, before others ask for the newest one
TORCH ?= torch==2.13.0
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check
SUITABLE := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))

.DEFAULT_GOAL := help
.PHONY: help quickstart test

help:
	@echo "make quickstart   install into $(VENV), make a small corpus, run the first experiment"
	@echo "make test         everything that is checked before a change goes in"

quickstart: $(VENV)/.installed
	@$(BIN)/nkululeko quickstart

test: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest --doctest-modules src
	$(BIN)/pytest -n $(WORKERS) tests

# A stamp says what is installed; a changed pyproject.toml, or a new environment, makes it old.
# The package is installed in place, so changed code needs no new installation.
$(VENV)/.installed: pyproject.toml | $(BIN)/python
	@echo "installing nkululeko into $(VENV) (a few minutes the first time) ..."
	@$(PIP) --editable .
	@$(BIN)/python -m compileall -q src
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | $(BIN)/python
	@echo "installing nkululeko and what its tests need into $(VENV) (a few minutes the first time) ..."
	@$(PIP) "$(TORCH)"
	@$(PIP) --editable ".[dev]"
	@$(BIN)/python -m compileall -q src
	@touch $(VENV)/.installed $@

$(BIN)/python:
	@$(PYTHON) -c '$(SUITABLE)' 2>/dev/null || { \
	  echo "error: nkululeko needs Python 3.11, 3.12 or 3.13; '$(PYTHON)' is" \
	    "$$($(PYTHON) --version 2>/dev/null || echo missing); name another: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; \
	  exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "error: '$(PYTHON)' cannot make virtual environments;" \
	    "on Debian and Ubuntu: apt-get install python3-venv" >&2; \
	  exit 1; }
	@$(PYTHON) -m venv $(VENV)
