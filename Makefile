# `make demo` and `make test` are all the set-up there is: each makes .venv when it is missing.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet --constraint constraints.txt

.PHONY: install demo serve test check bench clean

install: $(VENV)/.installed

demo: install
	$(BIN)/groundcrew demo

serve: install
	$(BIN)/groundcrew serve

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest

check: $(VENV)/.installed-dev
	$(BIN)/ruff check ingest retrieval agents api tests bench
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.installed-dev
	$(BIN)/python -m bench.golden
	$(BIN)/python -m bench.ingest
	$(BIN)/python -m bench.unchanged --files 2000
	$(BIN)/python -m bench.freshness
	$(BIN)/python -m bench.scale --chunks 10000
	$(BIN)/python -m bench.access --cases 2000

clean:
	rm -rf $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; set PYTHON=/path/to/python"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV): a few minutes, about 3 GB, once."
	@$(PIP) --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@$(PIP) --editable '.[dev]'
	@touch $@
