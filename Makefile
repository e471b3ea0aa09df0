# `make demo` and `make test` work on a fresh machine with Python >= 3.11 and Node >= 20.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
SDK := sdk-js/dist/onboarding-agent-sdk.js

.PHONY: setup demo test check format bench lock docs clean

setup: $(STAMP) $(SDK)

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv

$(STAMP): .venv/bin/python requirements.lock requirements-dev.lock pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --config-settings editable_mode=compat -e .
	touch $@

sdk-js/node_modules/.package-lock.json: sdk-js/package-lock.json
	cd sdk-js && npm ci --no-audit --no-fund --loglevel=error
	touch $@

$(SDK): sdk-js/node_modules/.package-lock.json $(shell find sdk-js/src -name '*.ts' 2>/dev/null) sdk-js/package.json sdk-js/build.mjs sdk-js/names.mjs
	cd sdk-js && npm run --silent build
	touch $@

demo: setup
	$(BIN)/onboarding-agent up --demo

# Branch coverage is gathered from the product's own processes too. Four workers, also on two cores: tests wait more than
# they compute. Files run in the order of tests/conftest.py, those that take longest first. Whatever the environment says,
# modules are compiled once and kept: compiling all tests takes longer than importing them, and each worker needs them.
test: export PYTHONDONTWRITEBYTECODE =
test: setup
	cd sdk-js && npm test --silent
	$(BIN)/python -m coverage erase
	$(BIN)/python -m coverage run -m pytest -n 4 --dist loadfile --no-loadscope-reorder --reruns 1
	$(BIN)/python -m coverage combine --quiet
	$(BIN)/python -m coverage report --skip-covered --fail-under=95

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd sdk-js && npm run --silent check

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# All benchmarks, or one: make bench ONLY=ingest
bench: setup
	$(BIN)/python -m bench $(ONLY)

# After a change of pyproject.toml; needs uv.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-header pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-header --extra dev -c requirements.lock \
		pyproject.toml -o requirements-dev.lock

docs: setup
	$(BIN)/onboarding-agent settings > docs/configuration.md

clean:
	rm -rf .venv .data sdk-js/node_modules sdk-js/dist .mypy_cache .ruff_cache .pytest_cache .coverage*
