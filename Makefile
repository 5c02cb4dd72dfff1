# make demo: set up, show a living example.   make replay: set up, replay a sample capture.   make test: set up, pass everything.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SAMPLE ?= pcaps/a-hikvision-camera-keeps-its-cloud-connections/input.pcap
OUT ?= out
# Twice quiet: errors of pip are shown, its warnings about a machine's own settings are not.
PIP := $(BIN)/pip install --quiet --quiet --disable-pip-version-check
COMPILE := $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --no-header \
  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links

.PHONY: demo replay test check bench dashboards lock clean

demo: $(VENV)/runtime.done
	@$(BIN)/camwatch demo pcaps/*/input.pcap --out $(OUT)/demo

replay: $(VENV)/runtime.done
	@$(BIN)/camwatch replay $(SAMPLE) --out $(OUT) $(REPLAY)

test: $(VENV)/dev.done
	@sh tests/support/debian-packages.sh
	@$(MAKE) --no-print-directory check

check: $(VENV)/dev.done
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest

# make bench BENCH="--runs 3 --write": see docs/performance.md.
bench: $(VENV)/runtime.done
	$(BIN)/python tests/bench/run.py $(BENCH)

# Writes dashboards/grafana/*.json from dashboards/make/.
dashboards: $(VENV)/dev.done
	$(BIN)/python -W ignore dashboards/generate.py

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "camwatch needs Python 3.11 or newer; name one: make PYTHON=python3.12 ...")'
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "No environment could be made; on Debian: apt install python3-venv"; exit 1; }

# The .done files are touched last, so that a broken-off set-up is done again.
$(VENV)/runtime.done: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Setting up in $(VENV) (once, about a minute)..."
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --editable .
	@$(BIN)/python -m compileall -q monitor
	@touch $@

$(VENV)/dev.done: requirements-dev.lock $(VENV)/runtime.done
	@echo "Setting up the tools of the tests (once)..."
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

lock: $(VENV)/runtime.done
	$(PIP) pip-tools
	$(COMPILE) --output-file requirements.lock pyproject.toml
	$(COMPILE) --allow-unsafe --extra dev --output-file requirements-dev.lock pyproject.toml

clean:
	rm -rf $(VENV) $(OUT) build dist *.egg-info
