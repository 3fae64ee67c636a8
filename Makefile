# Everything a developer does by hand or CI by machine. Each target makes the environment that it
# needs on a fresh machine and is quick when nothing changed.
#
#   make demo          train a small network on real handwritten digits and look at a gradient
#   make test          the tests, and every example in the documentation
#   make lint          ruff (style and order) and mypy (types)
#   make format        let ruff mend what it can
#   make operations    write anew docs/operations.md, the list of public functions, and the index of
#                      those that load on first use
#   make conformance   compare with PyTorch 2.13.0, which is installed beside, never into .venv
#   make bench         import time, the workloads against PyTorch's, and docs/performance.md from them
#   make clean         remove the environments and caches

PYTHON ?= python3
VENV := .venv
REFERENCE := .venv-conformance
BIN := $(VENV)/bin
REFERENCE_BIN := $(REFERENCE)/bin
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test lint format operations conformance bench clean

help:
	@sed -n 's/^#   //p' $(firstword $(MAKEFILE_LIST))

# An environment is as old as its stamp: it is brought up to date when pyproject.toml changes.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "tidu needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/demo.stamp: pyproject.toml | $(BIN)/python
	$(BIN)/python $(PIP_INSTALL) --editable '.[plot,data]'
	@touch $@

$(VENV)/dev.stamp: pyproject.toml | $(BIN)/python
	$(BIN)/python $(PIP_INSTALL) --editable '.[dev]'
	@touch $@ $(VENV)/demo.stamp

# torch comes first and by its exact version, so that nothing else pulls another one in.
$(REFERENCE)/stamp: pyproject.toml
	$(PYTHON) -m venv $(REFERENCE)
	$(REFERENCE_BIN)/python $(PIP_INSTALL) torch==2.13.0
	$(REFERENCE_BIN)/python $(PIP_INSTALL) expecttest --editable '.[test]'
	@touch $@

demo: $(VENV)/demo.stamp
	$(BIN)/python examples/digits.py $(ARGS)

test: $(VENV)/dev.stamp
	$(BIN)/python -m pytest $(ARGS)

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/dev.stamp
	$(BIN)/ruff check --fix .

operations: $(VENV)/dev.stamp
	$(BIN)/python docs/index_operations.py
	$(BIN)/python docs/list_operations.py

conformance: $(REFERENCE)/stamp
	$(REFERENCE_BIN)/python -m pytest conformance $(ARGS)

bench: $(REFERENCE)/stamp
	$(REFERENCE_BIN)/python benchmarks/import_time.py
	$(REFERENCE_BIN)/python benchmarks/users_line.py
	$(REFERENCE_BIN)/python benchmarks/compare.py --save build/main.json
	$(REFERENCE_BIN)/python benchmarks/compare.py --sizes odd --save build/odd.json
	$(REFERENCE_BIN)/python benchmarks/report.py build/main.json build/odd.json

clean:
	rm -rf $(VENV) $(REFERENCE) .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
