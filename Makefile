# Everything a developer does by hand or CI by machine. Each target makes the environment that it
# needs on a fresh machine and is quick when nothing changed.
#
#   make demo          train a small network on real handwritten digits and look at a gradient
#   make test          the tests, and every example in the documentation
#   make native        build what changed in csrc/, for the tests and programs in .venv
#   make sanitize      the tests of the kernels under AddressSanitizer and UndefinedBehaviorSanitizer
#   make wheels        the wheel of this machine and the pure-Python one, in dist/
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
SANITIZED := .venv-sanitize
SITE_PACKAGES := python -c 'import sysconfig; print(sysconfig.get_path("purelib"))'
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check
# The extension is built with tools that stay in the environment: the next build is of what changed.
BUILD_TOOLS := 'scikit-build-core>=0.11' 'nanobind>=2.4' 'numpy>=2.0' 'cmake>=3.18' ninja
NATIVE := CMakeLists.txt $(wildcard csrc/*)
ARGS ?=

.DEFAULT_GOAL := help
# Without a compiler there are no kernels, only the slower reference.
COMPILER := $(shell command -v $(CXX) || command -v c++ || command -v g++ || command -v clang++)
ifeq ($(COMPILER),)
export TIDU_NATIVE_BUILD := 0
endif

.PHONY: help demo native sanitize wheels test lint format operations conformance bench clean

help:
	@sed -n 's/^#   //p' $(firstword $(MAKEFILE_LIST))

# An environment is as old as its stamp: it is brought up to date when pyproject.toml or the kernels'
# sources change.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "tidu needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/tools.stamp: pyproject.toml | $(BIN)/python
	$(BIN)/python $(PIP_INSTALL) $(BUILD_TOOLS)
	@touch $@

$(VENV)/demo.stamp: pyproject.toml $(NATIVE) $(VENV)/tools.stamp
	$(BIN)/python $(PIP_INSTALL) --no-build-isolation --editable '.[plot,data]'
	@touch $@

$(VENV)/dev.stamp: pyproject.toml $(NATIVE) $(VENV)/tools.stamp
	$(BIN)/python $(PIP_INSTALL) --no-build-isolation --editable '.[dev]'
	@touch $@ $(VENV)/demo.stamp

# PyTorch stands beside, never in .venv. All else, tidu above all, the second environment sees there, so
# that nothing is compiled or installed twice.
$(REFERENCE)/stamp: | $(VENV)/dev.stamp
	$(PYTHON) -m venv $(REFERENCE)
	echo "import site; site.addsitedir('$$($(BIN)/$(SITE_PACKAGES))')" >"$$($(REFERENCE_BIN)/$(SITE_PACKAGES))/tidu.pth"
	$(REFERENCE_BIN)/python $(PIP_INSTALL) torch==2.13.0 expecttest
	@touch $@

$(SANITIZED)/stamp: pyproject.toml $(NATIVE)
	$(PYTHON) -m venv $(SANITIZED)
	$(SANITIZED)/bin/python $(PIP_INSTALL) $(BUILD_TOOLS) hypothesis pytest
	$(SANITIZED)/bin/python $(PIP_INSTALL) --no-build-isolation --editable . \
		--config-settings=cmake.define.TIDU_SANITIZE=ON --config-settings=build-dir=build/sanitize
	@touch $@

demo: $(VENV)/demo.stamp
	$(BIN)/python examples/digits.py $(ARGS)

test: $(VENV)/dev.stamp
	$(BIN)/python -m pytest $(ARGS)

native: $(VENV)/dev.stamp
	@$(BIN)/python -c 'import tidu; tidu.show_config()'

# The sanitizers' library has to be loaded before everything else, and the C++ library with it. What
# Python itself never frees is no leak of the kernels.
sanitize: $(SANITIZED)/stamp
	TIDU_ISA=v3 LD_PRELOAD="$$($(COMPILER) -print-file-name=libasan.so) $$($(COMPILER) -print-file-name=libstdc++.so)" \
	ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
		$(SANITIZED)/bin/python -m pytest -s tests/native $(ARGS)

# Without isolation, so that what `.venv` has compiled is not compiled again.
wheels: $(VENV)/dev.stamp
	$(BIN)/python -m pip wheel --quiet --no-build-isolation --no-deps --wheel-dir dist .
	TIDU_NATIVE_BUILD=0 $(BIN)/python -m pip wheel --quiet --no-build-isolation --no-deps --wheel-dir dist .

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/dev.stamp
	$(BIN)/ruff check --fix .

operations: $(VENV)/dev.stamp
	$(BIN)/python docs/index_operations.py
	$(BIN)/python docs/list_operations.py

conformance: $(VENV)/dev.stamp $(REFERENCE)/stamp
	$(REFERENCE_BIN)/python -m pytest conformance $(ARGS)

bench: $(VENV)/dev.stamp $(REFERENCE)/stamp
	$(REFERENCE_BIN)/python benchmarks/import_time.py
	$(REFERENCE_BIN)/python benchmarks/users_line.py
	$(REFERENCE_BIN)/python benchmarks/compare.py --pairs 3 --save build/main.json
	$(REFERENCE_BIN)/python benchmarks/compare.py --sizes odd --save build/odd.json
	$(REFERENCE_BIN)/python benchmarks/report.py build/main.json build/odd.json

clean:
	rm -rf $(VENV) $(REFERENCE) $(SANITIZED) .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
