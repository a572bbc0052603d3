# Two commands matter: `make demo` runs the shop, `make test` tests it. `make help` names the others.
.DEFAULT_GOAL := help
.PHONY: help demo test bench check style templates imports types migrations translations format messages lock
MAKEFLAGS += --no-print-directory --keep-going

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
RUN := .venv/bin/python
PIP := $(RUN) -m pip install --quiet --disable-pip-version-check --no-input --require-hashes
# Commands that only look at the code need some secret to start with, and no shop behind them.
MANAGE := DJANGO_SETTINGS_MODULE=tests.settings $(RUN) manage.py

help:  ## Say what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/make \1\t\2/' | expand -t 16

demo: .venv/shop.installed  ## Run the demo shop: web, worker and scheduler, until Ctrl-C
	@DEMO=1 exec $(RUN) manage.py up

test: .venv/tools.installed  ## Run all tests; ARGS="-k cart" chooses among them
	@$(RUN) -m pytest $(ARGS)

bench: .venv/tools.installed  ## Measure speed and size against a bare Django view and django-oscar
	@$(RUN) -m bench $(ARGS)

check: style templates imports types migrations translations  ## Check all that is not a test
style: .venv/tools.installed
	@.venv/bin/ruff check . && .venv/bin/ruff format --check .
templates: .venv/tools.installed
	@git ls-files 'templates/*.html' | xargs -r .venv/bin/djade --check --target-version 5.2
imports: .venv/tools.installed
	@.venv/bin/lint-imports
types: .venv/tools.installed
	@.venv/bin/mypy .
migrations: .venv/tools.installed
	@$(MANAGE) makemigrations --check --dry-run
translations: .venv/tools.installed
	@$(MANAGE) check_catalogs

format: .venv/tools.installed  ## Put code and templates into the house's form
	@.venv/bin/ruff check --fix . && .venv/bin/ruff format .
	@git ls-files 'templates/*.html' | xargs -r .venv/bin/djade --target-version 5.2

messages: .venv/tools.installed  ## Bring new texts of the code into locale/, for translators
	@$(MANAGE) collect_messages

# Needs uv. The locks name neither a package index nor a path, so that they hold everywhere.
LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-annotate --no-header --quiet pyproject.toml
lock:  ## Renew both lock files from pyproject.toml (needs uv)
	@$(LOCK) --output-file requirements.lock
	@$(LOCK) --group dev --constraint requirements.lock --output-file requirements-dev.lock

.venv/shop.installed: requirements.lock | .venv/bin/pip
	@echo "Installing the packages of requirements.lock into .venv (once, about half a minute) ..."
	@$(PIP) -r requirements.lock
	@touch $@

.venv/tools.installed: requirements-dev.lock | .venv/bin/pip
	@echo "Installing the packages of requirements-dev.lock into .venv (once, about a minute) ..."
	@$(PIP) -r requirements-dev.lock
	@touch $@

.venv/bin/pip:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, and none was found. On Debian 12 or" \
		"Ubuntu 24.04: apt install python3 python3-venv. Elsewhere: make $(MAKECMDGOALS) PYTHON=/path/to/python3"; exit 1; } >&2
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "This Python cannot make a virtual environment." \
		"On Debian and Ubuntu: apt install python3-venv"; exit 1; } >&2
	@echo "Making .venv with $$($(PYTHON) --version) ..."
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }
