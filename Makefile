# One word a chore. `make run` and `make test` need Python >= 3.11, make and a package index.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
DATA   ?= .ringmain
PORT   ?= 8484

# Suites that have a word and parts of their own.
APART  := browser odoo flyte flyte2 tooljet

.DEFAULT_GOAL := help
.PHONY: help run test browser test-flyte test-odoo test-tooljet check bench soak clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

run: $(BIN)/.run  ## set up and start the hub on its embedded default (SQLite, demo provider, no key)
	@RINGMAIN_DATA="$${RINGMAIN_DATA:-$(CURDIR)/$(DATA)}" $(BIN)/ringmain up --port $(PORT)

test: $(BIN)/.test  ## set up and pass the tests
	@$(BIN)/python -m pytest -n auto $(APART:%=--ignore tests/%) $(ARGS)

browser: $(BIN)/.browser  ## the journeys in a real Chromium, which the distribution brings
	@$(BIN)/python -m pytest tests/browser $(ARGS)

test-odoo: $(BIN)/.odoo  ## the addon in a real Odoo 19, which Debian's mirror brings; ODOO_BIN and ODOO_CONF name another
	@$(BIN)/python -m tests.odoo $(ARGS)

test-flyte: $(BIN)/python  ## the tasks and the connector in a real flytekit and a real Flyte 2; ARGS=--upstream adds the original's tests
	@$(BIN)/python -m tests.flyte $(ARGS)

test-tooljet: $(BIN)/.test  ## the plugin, loaded as ToolJet's server loads it, in several Nodes, before a real hub
	@$(BIN)/python -m tests.tooljet $(ARGS)

check: $(BIN)/.test $(BIN)/.check  ## ruff, pyright and the walls of the house
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/pyright --pythonpath $(BIN)/python
	@$(BIN)/python -m pytest -q -p no:cacheprovider tests/test_house.py tests/hosts/test_floor_plan.py

bench: $(BIN)/.run  ## how fast the hub is beside nginx, as a table; ARGS=--peers adds other gateways; takes nginx-light and wrk
	@$(BIN)/python -m benchmarks $(ARGS)

soak: $(BIN)/.test  ## ten minutes of all that goes wrong, and whether the books agree; ARGS="--minutes 1" is quicker
	@$(BIN)/python -m tests.soak $(ARGS)

clean:  ## remove what the other words made
	rm -rf $(VENV) $(DATA) .odoo .flyte .flyte2 .tooljet .bench .pytest_cache .ruff_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "ringmain needs Python 3.11 or newer; name one with make PYTHON=…")'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'

$(BIN)/.run: $(BIN)/python pyproject.toml
	@echo "Setting up (once) …" >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[server]'
	@touch $@

$(BIN)/.test: $(BIN)/python pyproject.toml
	@echo "Setting up the tests (once) …" >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[server,postgres]' --group test
	@touch $@ $(BIN)/.run

$(BIN)/.browser: $(BIN)/.test
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --group browser
	@touch $@

$(BIN)/.odoo: $(BIN)/.browser
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --group odoo
	@touch $@

$(BIN)/.check: $(BIN)/python pyproject.toml
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --group check
	@touch $@
