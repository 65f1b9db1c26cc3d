# Every verb does its own set-up; Python 3.11 or newer is all that must be there. `make help` lists them.
VENV ?= .venv
PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := $(VENV)/bin
DATA_DIR ?= bulkwark-data
PORT ?= 8080
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore $(BIN)/python -m pip install --quiet

.DEFAULT_GOAL := help
.PHONY: help setup demo serve test check bench docs soak

help: ## this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1	\2/' | expand -t 15

setup: $(VENV)/.ready-dev ## everything for development, in .venv

demo: $(VENV)/.ready ## a made-up company, a server, one bulk update and its proof
	@$(BIN)/bulkwark demo

serve: $(VENV)/.ready ## the server on DATA_DIR and PORT
	@exec $(BIN)/bulkwark serve --data-dir $(DATA_DIR) --port $(PORT)

test: $(VENV)/.ready-dev ## all tests
	$(BIN)/python -m pytest $(TESTS)

check: $(VENV)/.ready-dev ## format, lint, types and the contracts between rooms
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.ready-dev ## measurements against bare SQL
	$(BIN)/python -m benchmarks

docs: $(VENV)/.ready-dev ## the generated pages of docs/reference
	$(BIN)/python -m bulkwark.api.reference > docs/reference/operations.md
	$(BIN)/python -m bulkwark.api.reference fields > docs/reference/fields.md
	$(BIN)/python -m bulkwark.cli.reference > docs/reference/cli.md

soak: $(VENV)/.ready-dev ## the long tests: kills, full disks, odd queries, damaged files, every contract, OpenSearch as referee
	$(BIN)/python -m tests.process.kill --rounds 50
	$(BIN)/python -m tests.process.crash --rounds 1000
	$(BIN)/python -m tests.query.fuzz --n 1000000 --seed 1
	$(BIN)/python -m tests.contract.soak
	$(BIN)/python -m tests.uploads.fuzz --rounds 2000
	$(BIN)/python -m tests.parity.run
	$(BIN)/python -m tests.parity.run --generated 5000 --seed 1

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo 'Python 3.11 or newer is needed: https://www.python.org/downloads/' >&2; exit 1; }
	@echo 'setting up $(VENV) with $(PYTHON) ...'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.ready: pyproject.toml | $(BIN)/python
	@$(PIP) --editable .
	@touch $@

$(VENV)/.ready-dev: pyproject.toml $(wildcard requirements/*.txt) | $(BIN)/python
	@$(PIP) $(patsubst %,--requirement %,$(wildcard requirements/*.txt)) --editable '.[dev]'
	@touch $@ $(VENV)/.ready
