# make demo: set up, replay a sample capture.   make test: set up, pass everything.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SAMPLE ?= pcaps/a-hikvision-camera-keeps-its-cloud-connections/input.pcap
OUT ?= out

.PHONY: demo test check lock clean

demo: $(VENV)/runtime.done
	@$(BIN)/camwatch replay $(SAMPLE) --out $(OUT)

test: $(VENV)/dev.done
	@sh tests/support/debian-packages.sh
	@$(MAKE) --no-print-directory check

check: $(VENV)/dev.done
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest

# The files are touched last, so that a broken-off set-up is done again.
$(VENV)/runtime.done: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Setting up in $(VENV) (once)..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/dev.done: $(VENV)/runtime.done requirements-dev.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

lock:
	$(BIN)/pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header --strip-extras --output-file requirements.lock pyproject.toml
	$(BIN)/pip-compile --quiet --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header --strip-extras --allow-unsafe --extra dev --output-file requirements-dev.lock pyproject.toml

clean:
	rm -rf $(VENV) $(OUT) build dist *.egg-info
