# make demo   sets everything up, publishes the bundled Minneapolis data and serves the portal
# make test   sets everything up and runs the whole suite

# A second start must not compile every module again.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
PY := $(VENV)/bin/python
BUILT := src/comity/site/static/built

.PHONY: demo test quick lint setup frontend messages wheel lock clean

demo: $(VENV)/.ready-run $(BUILT)/.ready
	@$(VENV)/bin/comity demo --into demo-instance

test: $(VENV)/.ready-test $(BUILT)/.ready
	@tools/test-system-packages
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(PY) -m pytest -n 2 --dist loadgroup

quick: $(VENV)/.ready-test
	$(PY) -m pytest -n 2 -m "not slow and not browser"

lint: $(VENV)/.ready-test
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

setup: $(VENV)/.ready-test $(BUILT)/.ready

frontend: $(BUILT)/.ready

messages: $(VENV)/.ready-test
	tools/messages

wheel: $(VENV)/.ready-run $(BUILT)/.ready
	$(PY) -m hatchling build -t wheel

lock:
	tools/lock

$(VENV)/.ready-run: requirements.lock pyproject.toml hatch_build.py $(shell find src -name '*.po')
	@tools/install $(VENV) requirements.lock
	@touch $@

$(VENV)/.ready-test: requirements-dev.lock $(VENV)/.ready-run
	@tools/install $(VENV) requirements-dev.lock
	@touch $@

$(BUILT)/.ready: frontend/package-lock.json $(shell find frontend -type f -not -path '*/node_modules/*' 2>/dev/null) | $(VENV)/.ready-run
	@tools/build-frontend $(VENV)
	@touch $@

clean:
	rm -rf $(VENV) $(BUILT) frontend/node_modules demo-instance
