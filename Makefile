# make app          start the page on http://127.0.0.1:7860
# make test         lint and run all tests
# make test-fast    the tests that are quick and need no browser
# make test-floors  run all tests with the oldest versions that pyproject.toml allows
PYTHON ?= python3
BIN := .venv/bin
PIP := install --quiet --disable-pip-version-check
# Each file's tests stay together, so that they share one served page and one browser.
WORKERS := -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.PHONY: app test test-fast test-floors lint gate clean

app: .venv/app
	$(BIN)/python app.py

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
