# Vigie: what can be done from a checkout. `make` alone prints it.
# Needs Python 3.11 to 3.13, Java 17 or later and Maven; Go too for test and check. `make setup` says what is missing.
PYTHON ?= python3
VENV := .venv/bin/python
PYTEST := $(VENV) -m pytest --basetemp=.vigie/test
# Test files run side by side in JOBS processes, each with its own broker and servers: most tests wait for something.
JOBS ?= 2
BESIDE := -n $(JOBS) --dist loadfile
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.SUFFIXES:

##@ Run

.PHONY: setup
setup: ## Install into .venv, fetch Kafka and Triton, compile the cores; quick the second time
	@$(PYTHON) dev/bootstrap.py

.PHONY: demo
demo: setup ## Footage to alerts on real parts. VIDEO=file MODEL=name|file.onnx DURATION=seconds; Ctrl-C stops
	@VIDEO='$(VIDEO)' MODEL='$(MODEL)' DURATION='$(DURATION)' $(VENV) -m vigie_dev demo

.PHONY: stack
stack: setup ## Every part, without footage, for cameras of your own. MODEL=name|file.onnx FRESH=1; Ctrl-C stops
	@MODEL='$(MODEL)' $(VENV) -m vigie_dev stack $(if $(FRESH),--fresh)

##@ Prove

.PHONY: test
test: setup-tests ## Everything: unit, contract (real servers), end to end on real footage
	@$(PYTEST) $(BESIDE) $(ARGS)

.PHONY: test-unit
test-unit: setup ## The cores alone, in seconds
	@mkdir -p .vigie
	@$(PYTEST) tests/unit $(ARGS)

.PHONY: test-contract
test-contract: setup-tests ## Against a real Kafka, Triton, PostgreSQL and registry
	@$(PYTEST) $(BESIDE) tests/contract $(ARGS)

.PHONY: test-e2e
test-e2e: setup-tests ## Real footage through every service
	@$(PYTEST) $(BESIDE) tests/end_to_end $(ARGS)

.PHONY: chaos
chaos: setup-tests ## Kill, freeze and wake workers and the broker for SECONDS=60, then compare; SEED=n for another course
	@SECONDS='$(or $(SECONDS),60)' SEED='$(or $(SEED),1)' $(PYTEST) tests/chaos/chaos.py $(ARGS)

.PHONY: bench
bench: setup-tests ## Every figure in one run; the last line is JSON. ONLY=name,... some; RECORD=1 keeps it in docs
	@ONLY='$(ONLY)' SECONDS='$(SECONDS)' $(VENV) tests/bench/run.py $(if $(RECORD),--record)

##@ Check

.PHONY: check
check: setup-go format-check lint types schemas chart ## Format, lint, types, schema compatibility, chart and compose
	@echo "check: all passed"

.PHONY: format
format: setup ## Rewrite the code in the house's format
	@$(VENV) -m ruff format .
	@$(VENV) -m ruff check --quiet --select I --fix .

.PHONY: format-check
format-check: setup
	@echo "format"; $(VENV) -m ruff format --check --quiet . || { echo "run \`make format\`"; exit 1; }

.PHONY: lint
lint: setup ## Ruff, all rules
	@echo "lint"; $(VENV) -m ruff check --quiet .

.PHONY: types
types: setup ## mypy, strict
	@echo "types"; $(VENV) -m mypy --cache-dir .vigie/mypy

.PHONY: schemas
schemas: setup ## Every version of every schema compatible with those before it
	@echo "schemas"; .venv/bin/vigie schemas check

.PHONY: chart
chart: setup-go ## The chart rendered and validated, the Dockerfiles, the compose file
	@echo "chart"; $(VENV) -m vigie_dev.chart

##@ Tidy

.PHONY: clean
clean: ## Remove what running and testing wrote here (not .venv, not the download cache)
	@rm -rf .vigie .ruff_cache .mypy_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +

.PHONY: setup-tests
setup-tests:
	@mkdir -p .vigie
	@$(PYTHON) dev/bootstrap.py --tests --go
	@$(VENV) -m vigie_dev.chart --fetch

.PHONY: setup-go
setup-go:
	@$(PYTHON) dev/bootstrap.py --go

.PHONY: help
help:
	@if [ -t 1 ] && [ -z "$$NO_COLOR" ]; then bold='\033[1m'; name='\033[36m'; plain='\033[0m'; fi; \
	awk -v bold="$$bold" -v name="$$name" -v plain="$$plain" 'BEGIN { FS = ":.*## " } \
	  /^##@ / { printf "\n%s%s%s\n", bold, substr($$0, 5), plain } \
	  /^[a-z0-9-]+:.*## / { printf "  %smake %-14s%s %s\n", name, $$1, plain, $$2 }' $(MAKEFILE_LIST)
