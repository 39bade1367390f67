# The commands of the README. Each sets up what it needs in .venv and nowhere else.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check
OUT    ?= out

.PHONY: help demo serve test lint docs bench test-clients lock clean
help:
	@echo "make demo   build the sample workspace, check its permits, write maps and reports to $(OUT)/"
	@echo "make serve  start the HTTP API and the web map on the sample workspace"
	@echo "make test   run the whole test suite"
	@echo "make lint   format check, lint, types, direction of imports"
	@echo "make test-clients  drive QGIS, GDAL, Chromium, Spark, a generated client and the OGC test suite"
	@echo "make docs   build the documentation site"
	@echo "make bench  time the engine beside its peers"

# One stamp file for each lock file, so that a changed lock installs again.
$(VENV)/.runtime: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("tataruang needs Python 3.11 or newer; set PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --only-binary=:all: --require-hashes -r requirements.lock
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	$(BIN)/tataruang warmup
	touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	$(PIP) install --quiet --only-binary=:all: --require-hashes -r requirements-dev.lock
	touch $@

demo: $(VENV)/.runtime
	$(BIN)/tataruang demo --output $(OUT)

serve: $(VENV)/.runtime
	$(BIN)/tataruang serve --sample

test: lint
	$(BIN)/python -m pytest

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

docs: $(VENV)/.dev
	$(BIN)/python -m sphinx -W -q -b html docs build/docs
	@echo "→ build/docs/index.html"

bench: $(VENV)/.dev
	$(BIN)/python -m tests.benchmarks
	$(BIN)/python -m tests.benchmarks.zonal
	$(BIN)/python -m tests.benchmarks.serving
	$(BIN)/python -m tests.benchmarks.starting

# Needs uv on the PATH; the lock files carry hashes and no index lines.
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --no-annotate -q --extra postgis --extra cluster --extra build pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --no-annotate -q --extra dev pyproject.toml -c requirements.lock -o requirements-dev.lock

# Real clients in places of their own: their pins are not ours. Debian packages are installed
# where we may.
CLIENTS := .clients
$(CLIENTS)/.ready: $(VENV)/.dev
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && apt-get install -y -qq chromium chromium-driver gdal-bin openjdk-17-jre-headless >/dev/null && \
	  apt-get install -y -qq --no-install-recommends qgis python3-qgis qgis-providers >/dev/null; fi
	tests/install_postgis.sh || true
	$(PYTHON) -m venv $(CLIENTS)/venv
	$(CLIENTS)/venv/bin/python -m pip --disable-pip-version-check install --quiet ogctests openapi-python-client
	$(CLIENTS)/venv/bin/python -m pip --disable-pip-version-check install --quiet --no-deps --target $(CLIENTS)/spark 'pyspark>=3.5,<4' py4j
	npm install --no-save --silent --prefix $(CLIENTS) axe-core
	touch $@

test-clients: $(CLIENTS)/.ready
	TATARUANG_CLIENTS=$(CURDIR)/$(CLIENTS) $(BIN)/python -m pytest -rs -m clients tests/clients

clean:
	rm -rf $(VENV) $(CLIENTS) $(OUT) .mypy_cache .ruff_cache .pytest_cache .hypothesis
