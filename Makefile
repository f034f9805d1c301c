# One entry point for people and CI. Every target installs what it needs into .venv first.
.PHONY: run up package test test-app test-long bench soak mutants check format lock clean
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
NPM_FOLDERS := devstack/azurite devstack/javascript devstack/chromium
PYTHON_PACKAGES := create_meeting join_meeting call_callback tend_meeting meeting_record health_doctor shared devstack devtools bench docs rollcall tests function_app.py

# The first interpreter on this machine that is 3.13 or newer; empty where there is none.
FIND_PYTHON = for p in python3.13 python3.14 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 13))' >/dev/null 2>&1 && { echo $$p; break; }; done

help:
	@echo "make run    play the whole job once on a local stack and print the record"
	@echo "make up     keep the local stack running until Ctrl-C; devstack/README.md has its settings:"
	@echo "            DEVSTACK_WORLD=kind|documented|harsh, DEVSTACK_FLEX=1, DEVSTACK_IDENTITIES=1,"
	@echo "            DEVSTACK_SWITCHES, DEVSTACK_RESTARTS=0,"
	@echo "            DEVSTACK_FUNCTIONS_PORT, _BUS_PORT, _TABLES_PORT, _GRAPH_PORT, _CONTROL_PORT, _BUS_CONFIG, _FOLDER"
	@echo "            both with APP=dist/app on the package that is deployed"
	@echo "make package  write what is deployed to dist/app and dist/app.zip, and measure it (a minute or two)"
	@echo "make check  format, lint, types, imports"
	@echo "make test-app   tests of the app alone, on fakes (half a minute)"
	@echo "make test       all tests but the long ones, with the local stack and coverage (a few minutes)"
	@echo "make test-long  the long ones: hundreds of calls in one meeting, each world, a process for each function group, the package"
	@echo "make bench  what meetings, notifications and live meetings cost, aim beside figure (about 11 minutes)"
	@echo "make soak   ten minutes of load on two hosts, callbacks lost, doubled, shuffled; each record is held to the truth"
	@echo "            (SOAK_SECONDS, SOAK_MEETINGS, SOAK_RATE)"
	@echo "make mutants  mutation tests of the fold and of the callers' check; survivors are listed with reasons"

$(INSTALLED): requirements-dev.txt $(NPM_FOLDERS:%=%/package-lock.json)
	@python="$$($(FIND_PYTHON))"; \
	if [ -z "$$python" ]; then \
		echo "Rollcall needs Python 3.13 or newer and found none: install it from python.org, your package manager, or with 'pyenv install 3.13'." >&2; \
		exit 1; \
	fi; \
	$$python -c 'import ensurepip, venv' 2>/dev/null || { echo "$$python cannot make virtual environments: install its venv package (Debian: python3-venv)." >&2; exit 1; }; \
	echo "installing into $(VENV) (once; a minute or two) ..."; \
	$$python -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-dev.txt
	@$(BIN)/python -m devstack.install
	@touch $@

run: $(INSTALLED)
	@$(BIN)/python -m devstack run $(if $(APP),--app $(APP))

up: $(INSTALLED)
	@exec $(BIN)/python -m devstack up $(if $(APP),--app $(APP))

# What is deployed; its docstring says what goes into it.
package: $(INSTALLED)
	@$(BIN)/python -m devtools.package

# Workers and the processes they start would compile every module anew where bytecode is not kept.
test test-app: export PYTHONDONTWRITEBYTECODE :=
test test-app: export PYTHONPYCACHEPREFIX := $(CURDIR)/.devstack/bytecode

# With the lines that the tests reach, in the app's own processes too; pyproject.toml has the floor.
test: $(INSTALLED)
	@$(BIN)/python -m coverage erase
	@$(BIN)/python -m coverage run -m pytest -m "not long" --numprocesses 3 --dist loadfile --no-loadscope-reorder
	@$(BIN)/python -m coverage combine --quiet
	@$(BIN)/python -m coverage report

# Of each law few examples; a crash at every point of a story is left to `make test`.
test-app: $(INSTALLED)
	@$(BIN)/python -m pytest tests/unit tests/application tests/property -m "not devstack and not long" \
		--ignore-glob='*/test_crash_points*' --hypothesis-profile=quick --numprocesses 2 --dist worksteal

# The long tests and the laws over many examples; then the system tests with a process for each group of functions, and in a harsh world.
test-long: $(INSTALLED)
	@$(BIN)/python -m pytest -m long --numprocesses 3 --dist worksteal
	@$(BIN)/python -m pytest tests/property -m "not long" --hypothesis-profile=thorough --numprocesses 2 --dist worksteal
	@DEVSTACK_FLEX=1 $(BIN)/python -m pytest tests/system -m "not long" --numprocesses 2 --dist loadfile
	@DEVSTACK_WORLD=harsh DEVSTACK_SWITCHES='{"bus": {"scheduledLateSeconds": 1}}' \
		$(BIN)/python -m pytest tests/system -m "not long" --numprocesses 2 --dist loadfile

bench: $(INSTALLED)
	@$(BIN)/python -m bench

# docs/benchmark.md says what it plays.
soak: $(INSTALLED)
	@$(BIN)/python -m tests.soak

# Changes the code bit by bit, in a copy, and demands that a test notices: see tests/mutation.
mutants: $(INSTALLED)
	@$(BIN)/python -m tests.mutation

check: $(INSTALLED)
	@$(BIN)/ruff format --check $(PYTHON_PACKAGES)
	@$(BIN)/ruff check $(PYTHON_PACKAGES)
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(INSTALLED)
	@$(BIN)/ruff format $(PYTHON_PACKAGES)
	@$(BIN)/ruff check --fix $(PYTHON_PACKAGES)

# Needs uv on the PATH; every installation uses the files it writes.
lock:
	uv pip compile --quiet --universal --python-version 3.13 --generate-hashes --no-emit-index-url --no-emit-find-links \
		--custom-compile-command "make lock" --output-file requirements.txt pyproject.toml
	uv pip compile --quiet --universal --python-version 3.13 --generate-hashes --no-emit-index-url --no-emit-find-links \
		--custom-compile-command "make lock" --constraints requirements.txt --output-file requirements-dev.txt --group dev pyproject.toml

clean:
	rm -rf $(VENV) .devstack dist mutants $(NPM_FOLDERS:%=%/node_modules) .mypy_cache .ruff_cache .pytest_cache .hypothesis
