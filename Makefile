# Two commands do all the set-up that they need: `make demo` and `make test`.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
VENV ?= .venv
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := $(VENV)/bin
OUT ?= demo-out

.PHONY: help demo test test-native test-slow setup setup-dev engines check audit fix bench lock native native-clean release clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

$(VENV)/.runtime: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Banwatch needs Python 3.11 or newer; none was found on PATH. Install one, or run: make PYTHON=/path/to/python3" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "$(PYTHON) cannot make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "installing what Banwatch needs into $(VENV) (about a minute)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.lock
	@echo "installing what the tests need into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

setup: $(VENV)/.runtime ## prepare .venv, with .venv/bin/banwatch

setup-dev: $(VENV)/.dev

$(VENV)/.engines: $(VENV)/.dev requirements-engines.lock
	@echo "installing ClickHouse as a library into $(VENV) (180 MB)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-engines.lock
	@touch $@

engines: $(VENV)/.engines ## what the tests that compare DuckDB with ClickHouse want besides (CI does it)

demo: setup ## the whole story on this machine; then a page on 127.0.0.1
	@$(BIN)/banwatch demo --out $(OUT)

test: setup-dev ## every test but the slow ones
	@tests/prepare
	@$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not slow"

test-slow: setup-dev ## the tests that take more than ten seconds each, and are left out of `make test`
	@tests/prepare
	@$(BIN)/python -m pytest -n 2 --dist loadgroup -m slow

check: setup-dev ## format, lint, types, import contract
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@test -z "$(OSV)" || $(BIN)/python tools/check_lock.py $(OSV)

audit: setup-dev ## compare the pinned packages with an export of known faults: make audit OSV=all.zip (see CONTRIBUTING.md)
	@test -n "$(OSV)" || { echo "name an export of advisories: make audit OSV=all.zip" >&2; exit 2; }
	@$(BIN)/python tools/check_lock.py $(OSV)

fix: setup-dev ## format, and mend what the linter can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: setup-dev ## every benchmark: ratios measured in one run
	@for b in bench/*.py; do echo "== $$b"; $(BIN)/python $$b; done

native: setup-dev ## compile what an ingest spends its time in (needs a C compiler; a minute or two); again after each edit
	@command -v $${CC:-cc} >/dev/null || { echo "no C compiler (cc): Banwatch runs without this, only slower" >&2; exit 1; }
	@$(BIN)/python tools/native.py build

NATIVE_TESTS = tests/judge/rules tests/judge/weighing tests/judge/test_known_cases.py tests/formats/ooni tests/store/test_batch.py
test-native: setup-dev ## tests of what is compiled, with a quick build of it
	@NATIVE_OPT=0 $(MAKE) --no-print-directory native
	@$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not slow" $(NATIVE_TESTS) || { $(MAKE) native-clean; exit 1; }
	@$(MAKE) --no-print-directory native-clean

native-clean: ## remove what `make native` compiled
	@rm -f src/banwatch__mypyc*
	@find src/banwatch -name '*.so' -delete

$(VENV)/.release: $(VENV)/.dev requirements-release.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-release.lock
	@touch $@

release: $(VENV)/.release ## wheels, source archive, bill of materials and their hashes, in dist/: built twice and compared
	@$(BIN)/python tools/release.py dist

PIN = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links
lock: $(VENV)/.release ## pin the dependencies again, with hashes and no address, by the uv that is pinned itself
	@$(PIN) --group build pyproject.toml -o requirements.lock
	@$(PIN) --group dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	@$(PIN) --group engines -c requirements-dev.lock -o requirements-engines.lock
	@$(PIN) --group release -c requirements-dev.lock -o requirements-release.lock

clean: ## remove what the build made
	@rm -rf $(VENV) $(OUT) .pytest_cache .mypy_cache .ruff_cache .hypothesis
