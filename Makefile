# Every target sets up what it needs in .venv by itself; the set-up is redone when the requirements change.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
UV := .froe/uv/bin/uv
CHECKED := app.py chalicelib froe tests sample_logs benchmarks
UNIT_TESTS := tests/unit tests/golden
DOCS_TESTS := $(addprefix tests/unit/,test_documented.py test_readme.py test_observability.py test_production_docs.py \
  formats/test_docs.py test_policies.py)
PYTEST := $(BIN)/python -m pytest -q
# Tests that need no AWS are spread over the processors, behind those on the local AWS, which have a longer way.
SPREAD := -n auto --maxprocesses 4 --dist worksteal
# Those on a local AWS mostly wait: files run beside each other, in the order in which they are listed.
AWS_TESTS := tests/integration tests/infra
GROUPED = -n 3 --dist loadfile --no-loadscope-reorder --deselect $(JUDGE)
CALLS := $(CURDIR)/.froe/calls
WHOLE_RUN := FROE_NO_SKIP=1 FROE_WHOLE_RUN=1 FROE_KEEP_CALLS=$(CALLS)
# What judges the calls of all the other tests.
JUDGE = tests/integration/test_permissions.py

SOAK_SECONDS ?= 1800
SOAK_SEED ?= 100000

# Python keeps what it compiles: without, each of the hundreds of processes of a run compiles anew.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo up test soak lint audit check format bench simulate agreement docs docs-check page screenshots terraform lock golden clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | expand -t 12

setup: $(STAMP) ## Make .venv with everything for development, .venv/bin/froe included

$(STAMP): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Froe needs Python 3.11 or newer, and $(PYTHON) is older: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || \
	  { echo "$(PYTHON) cannot make virtual environments: install its venv package (Debian, Ubuntu: python3-venv)" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(STAMP) ## Run the sample logs through the whole pipeline on a local AWS
	$(BIN)/froe demo

up: $(STAMP) ## The local AWS and the pipeline on it, until Ctrl-C
	$(BIN)/froe up

test: $(STAMP) ## Every test, the local AWS included; only comparisons with example files from outside may be skipped
	@rm -rf $(CALLS) && mkdir -p $(CALLS)
	@echo "The tests on the local AWS run beside the others; what they print comes after these."
	@{ $(BIN)/python -m tests.packages; $(WHOLE_RUN) $(PYTEST) $(GROUPED) $(AWS_TESTS); } \
	  > $(CALLS)/tests.log 2>&1 & beside=$$!; trap "kill $$beside" INT TERM; \
	  $(WHOLE_RUN) nice -n 5 $(PYTEST) $(SPREAD) $(AWS_TESTS:%=--ignore=%); alone=$$?; \
	  wait $$beside; together=$$?; cat $(CALLS)/tests.log; exit $$((alone + together))
	$(WHOLE_RUN) $(PYTEST) $(JUDGE)

soak: $(STAMP) ## Random schedules of crashes, losses and forgeries, and spoilt inputs; SOAK_SECONDS=1800, SOAK_SEED
	$(BIN)/python -m tests.soak --seconds $(SOAK_SECONDS) --seed $(SOAK_SEED) --stories build/soak

lint: $(STAMP) ## Lint, formatting and types
	$(BIN)/ruff check $(wildcard $(CHECKED))
	$(BIN)/ruff format --check $(wildcard $(CHECKED))
	$(BIN)/mypy

audit: $(STAMP) ## Ask whether what the locks pin has known vulnerabilities, where a service can be reached
	$(BIN)/python -m tests.audit

check: lint audit ## lint, audit and the unit tests but those that try the most
	$(BIN)/python -m pytest -q $(SPREAD) -m 'not local_aws and not long' $(UNIT_TESTS)

format: $(STAMP) ## Format the code and apply the safe fixes
	$(BIN)/ruff check --fix $(wildcard $(CHECKED))
	$(BIN)/ruff format $(wildcard $(CHECKED))

bench: $(STAMP) ## Measure the hot path; ARGS=--json for rows
	$(BIN)/python -m benchmarks $(ARGS)

simulate: $(STAMP) ## Model loads of any size within AWS's limits, and write docs/scale.md
	$(BIN)/python -m benchmarks.simulate --page docs

agreement: $(STAMP) ## Compare with what other projects' tests assert, where FROE_EXAMPLES has them
	$(BIN)/python -m benchmarks.agreement

docs: $(STAMP) ## Rewrite the pages that are made from the code, and the index of formats
	@mkdir -p build
	$(BIN)/python -m froe.format_index > build/index.json && mv build/index.json chalicelib/core/formats/index.json
	$(BIN)/python -m froe.reference > docs/format-reference.md
	$(BIN)/python -m froe.permissions > docs/permissions.md
	$(BIN)/python -m froe.parameters > docs/parameters.md
	$(BIN)/python -m froe.costs_page > docs/costs.md
	$(BIN)/python -m froe.commands_page > docs/commands.md
	$(BIN)/python -m froe.events_page > docs/events.md
	$(BIN)/python -m froe.page_facts > chalicelib/page/facts.json

docs-check: $(STAMP) ## Fail where a command, option, route, setting, metric or event is not documented, or a page is behind
	$(PYTEST) $(DOCS_TESTS)

page: ## Build the page that the API serves from page/; needs Node.js 20 or newer and npm
	cd page && npm ci --ignore-scripts --no-audit --no-fund && node build.js

screenshots: $(STAMP) ## Take the pictures of the docs in a headless Chromium, of a local AWS with the sample logs
	$(BIN)/python -m tests.browser.pictures

terraform: $(STAMP) ## Write infra/terraform from the templates in infra
	$(BIN)/python -m froe.process_policy
	$(BIN)/python -m froe.terraform.module

lock: $(UV) ## Pin all that the requirements need, with hashes; LOCK=--upgrade takes what is newest
	@for name in requirements requirements-dev; do $(UV) pip compile --quiet --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --custom-compile-command 'make lock' $(LOCK) \
	  $$name.txt --output-file $$name.lock || exit 1; done

$(UV): infra/tools.txt
	$(PYTHON) -m venv --clear .froe/uv
	.froe/uv/bin/python -m pip install --quiet --disable-pip-version-check "$$(grep '^uv==' infra/tools.txt)"
	@touch $@

golden: $(STAMP) ## Rewrite the golden files and show what changed
	$(BIN)/python -m pytest -q tests/golden --update-golden
	$(BIN)/python -m tests.declared
	git --no-pager diff --stat -- tests/golden

clean: ## Remove the environment, caches and what local runs left
	rm -rf $(VENV) .froe .mypy_cache .ruff_cache .pytest_cache .hypothesis build ./*.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
