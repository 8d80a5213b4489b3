# make app          start the page on http://127.0.0.1:7860
# make device       make the files with which browsers read on their own device; part of make app
# make test         lint and run all tests
# make test-fast    the tests that are quick and need no browser
# make test-floors  run all tests with the oldest versions that pyproject.toml allows
PYTHON ?= python3
BIN := .venv/bin
PIP := install --quiet --disable-pip-version-check
# Each file's tests stay together, so that they share one served page and one browser.
WORKERS := -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

DEVICE := fer_hf/web/device/files/device.json
TEMPLATES := $(wildcard fer_hf/web/components/*.html) fer_hf/web/components/photo/answer.html

.PHONY: app device test test-fast test-floors lint gate clean

app: .venv/app device
	$(BIN)/python app.py

# What browsers need to read on their own device. Without it the page reads on the server.
device: .venv/app
ifeq ($(shell command -v npm),)
	@echo "npm is not on the path: the page reads on the server alone"
else
	-@$(MAKE) --no-print-directory $(DEVICE)
endif

$(DEVICE): models/fer-dinov2-small/model.safetensors fer_hf/web/device/package-lock.json $(TEMPLATES)
	$(BIN)/pip $(PIP) --editable ".[export]"
	$(BIN)/python -m fer_hf build-device

test: .venv/dev lint
	$(BIN)/python -m pytest $(WORKERS)

test-fast: .venv/dev
	$(BIN)/python -m pytest $(WORKERS) -m "not slow and not browser"

test-floors:
	$(PYTHON) -m venv .venv-floors
	.venv-floors/bin/python tools/floors.py requirements-dev.txt > .venv-floors/floors.txt
	.venv-floors/bin/pip $(PIP) -r .venv-floors/floors.txt
	.venv-floors/bin/python -m pytest $(WORKERS)

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/python -m tools.docs --check

gate: .venv/dev
	$(BIN)/python -m tools.gate

.venv/app: requirements.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip $(PIP) -r requirements.txt
	touch $@

.venv/dev: requirements-dev.txt .venv/app
	$(BIN)/pip $(PIP) -r requirements-dev.txt
	touch $@

clean:
	rm -rf .venv .venv-floors runs dist
