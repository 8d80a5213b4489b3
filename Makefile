# make app    start the page on http://127.0.0.1:7860
# make test   lint and run all tests
PYTHON ?= python3
BIN := .venv/bin

.PHONY: app test lint gate clean

app: .venv/app
	$(BIN)/python app.py

test: .venv/dev lint
	$(BIN)/python -m pytest

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

gate: .venv/dev
	$(BIN)/python -m tools.gate

.venv/app: requirements.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

.venv/dev: requirements-dev.txt requirements-export.txt .venv/app
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

clean:
	rm -rf .venv runs
