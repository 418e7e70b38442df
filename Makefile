# `make run` serves the site on this machine, `make test` tests it. Both need only
# Python 3.11, 3.12 or 3.13; what else they need they install into .venv.

PORT ?= 8000
ifndef PYTHON
# The first of these that runs and is supported.
PYTHON := $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
	&& echo $$python && break; done)
endif
INSTALL = .venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes
LOCK = .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--upgrade --no-python-downloads --custom-compile-command 'make lock'

# A target to make first: there is no working Python in .venv, or no more.
MISSING := $(shell .venv/bin/python -c '' 2>/dev/null || echo environment)

.PHONY: run test coverage lint format check lock sbom python port environment
.DEFAULT_GOAL := run

run: python port .venv/installed
	@exec .venv/bin/python -u -m ecfr_site.run $(PORT)

test: python .venv/installed-dev
	@.venv/bin/python -m pytest --numprocesses auto

# It takes almost twice as long as the tests alone.
coverage: python .venv/installed-dev
	@.venv/bin/python -m pytest --numprocesses auto --cov

lint: python .venv/installed-dev
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/lint-imports --no-logo --no-cache
	@.venv/bin/mypy
	@.venv/bin/djlint templates --check --lint
	@.venv/bin/codespell

format: python .venv/installed-dev
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format --quiet .

check: lint test

# Anew from the lists, for every Python and machine that is supported. What the tools
# agree to comes first, so that the site is tested with the packages that it runs with.
lock: python .venv/installed-dev
	@$(LOCK) requirements-dev.txt --output-file requirements-dev.lock
	@$(LOCK) requirements.txt --constraint requirements-dev.lock --output-file requirements.lock
	@$(LOCK) requirements-s3.txt --constraint requirements-dev.lock --output-file requirements-s3.lock

# What is installed, with the tools for testing, for whoever keeps lists of such things.
sbom: python .venv/installed-dev
	@mkdir -p var
	@.venv/bin/cyclonedx-py environment .venv --output-file var/sbom.json
	@echo "Written: var/sbom.json"

python:
	@$(or $(PYTHON),false) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
	2>/dev/null || { \
		found=$$($(or $(PYTHON),python3) --version 2>&1 | grep Python || echo none); \
		echo "Python 3.11, 3.12 or 3.13 is needed; found: $$found."; \
		echo "Install it, or say where it is: make run PYTHON=/path/to/python3.12"; \
		exit 1; }

port:
	@$(PYTHON) -c 'import socket; socket.create_server(("127.0.0.1", $(PORT)))' \
	2>/dev/null || { \
		echo "Port $(PORT) is taken, or not allowed. Stop the other program (another"; \
		echo "\`make run\`?), or choose another port: make run PORT=8010"; \
		exit 1; }

environment:
	@echo "Making a place for the packages (.venv) …"
	@$(PYTHON) -m venv --clear .venv || { \
		rm -rf .venv; \
		echo "Python could not make a virtual environment; what it said stands above."; \
		echo "On Debian and Ubuntu this helps: apt install python3-venv"; \
		exit 1; }

.venv/installed: requirements.lock $(MISSING)
	@echo "Installing the packages; the first time takes a minute or two …"
	@$(INSTALL) -r requirements.lock || { \
		echo "The packages could not be installed; what pip said stands above."; \
		echo "Is this machine connected to the internet?"; \
		exit 1; }
	@touch $@

.venv/installed-dev: requirements-dev.lock .venv/installed
	@echo "Installing the tools for testing …"
	@$(INSTALL) -r requirements-dev.lock || { \
		echo "The tools could not be installed; what pip said stands above."; \
		echo "Is this machine connected to the internet?"; \
		exit 1; }
	@touch $@
