# Two commands are enough: `make run` and `make test`. They need Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HOME_DIR ?= home
LANDING ?= data/landing

.PHONY: help setup run test ui cluster bench check lint clean

help:  ## say what each command does
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | sort

setup: $(VENV)/.installed  ## make .venv with all that the pipeline needs, a Java runtime included where there is none

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; set PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --no-compile --editable '.[test,jre]'
	@# pip would compile every file, libraries' own tests too, one after the other: half a minute.
	-@$(BIN)/python -m compileall -qq -j 0 -x '/tests?/' $(VENV)/lib
	@touch $@

run: setup  ## run the pipeline over the sample in data/ and say what was published
	$(BIN)/media-privacy run --landing $(LANDING) --home $(HOME_DIR)

test: setup  ## run the tests
	$(BIN)/python -m pytest -n 2 --dist loadgroup

ui: setup  ## open Dagster on the same home, at http://127.0.0.1:3000
	$(BIN)/media-privacy ui --landing $(LANDING) --home $(HOME_DIR)

cluster: setup  ## run a Spark cluster of two workers on this machine, until Ctrl-C; HOME_DIR.cluster holds its secret
	MEDIA_PRIVACY_HOME=$(HOME_DIR) $(BIN)/media-privacy cluster start

bench: setup  ## measure the run on a simulated 10 M-event landing zone
	$(BIN)/python -m benchmarks.nightly

check: setup  ## linters and types, as CI runs them
	$(BIN)/python -m pip install --quiet --no-compile --editable '.[dev,test,jre]'
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:  ## remove what was made here: the environment and the home of the sample run
	rm -rf $(VENV) $(HOME_DIR) $(HOME_DIR).keys $(HOME_DIR).cluster
