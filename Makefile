# robustlab. `make help` lists the targets. Everything is installed in .venv and built in _build.
.DEFAULT_GOAL := help
.PHONY: help install book html test test-slow lint format refresh clean distclean
SHELL := /bin/bash

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
EXTRAS := adapters,attack,book,batch,offline,dev
CORES ?= 2
TESTS ?= tests

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export OMP_NUM_THREADS ?= 1
export PYTHONUNBUFFERED := 1

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(STAMP) ## install the package and its tools into .venv

# torch goes first and by itself: pip then takes the build that suits the platform before anything else asks for one.
$(STAMP): pyproject.toml constraints.txt
	@python=$$(tools/find-python) && \
	echo "install: $$($$python --version) in $(VENV); the first time takes a few minutes" && \
	{ test -x $(BIN)/python || $$python -m venv $(VENV); } && \
	echo "install: torch" && \
	$(BIN)/python -m pip install --quiet "$$(grep '^torch==' constraints.txt)" && \
	echo "install: robustlab[$(EXTRAS)], at the versions of constraints.txt" && \
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[$(EXTRAS)]" && \
	touch $@ && echo "install: done"

book: $(STAMP) ## execute the chapters that changed and build the site from them
	@echo "book: chapters whose code or package changed are executed, $(CORES) at a time"
	@$(BIN)/python -m snakemake --snakefile notebooks/Snakefile --cores $(CORES) --rerun-triggers mtime \
		--keep-going --rerun-incomplete --nolock --quiet all
	@$(BIN)/python tools/site_builder.py executed

html: $(STAMP) ## build the site from the outputs that are committed
	@$(BIN)/python tools/site_builder.py committed

test: html ## run the tests, check the chapters' outputs, check the built site
	@echo "test: pytest $(TESTS)"
	@$(BIN)/python -m pytest -q -n $(CORES) --dist worksteal $(TESTS)
	@echo "test: the chapters' outputs, by nbval"
	@$(BIN)/python -m pytest -q -n $(CORES) --dist loadfile -m "" -p no:cacheprovider --nbval-lax \
		--nbval-sanitize-with notebooks/sanitize.cfg --nbval-cell-timeout 600 notebooks
	@echo "test: all passed"

test-slow: $(STAMP) ## run the tests that take long
	@$(BIN)/python -m pytest -q -m slow $(TESTS)

lint: $(STAMP) ## check style, types and the direction of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/pyright --pythonpath $(BIN)/python

format: $(STAMP) ## format the code
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

refresh: $(STAMP) ## execute the chapters in place and store their outputs (CHAPTER=path for one)
	@$(BIN)/python tools/notebooks.py refresh $(CHAPTER)
	@$(BIN)/python tools/readme_picture.py

clean: ## remove what was built, keep .venv
	rm -rf _build .snakemake .pytest_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info

distclean: clean ## remove .venv too
	rm -rf $(VENV)
