.DEFAULT_GOAL := help
SHELL := /bin/bash
BIN := .venv/bin
SHOP := $(BIN)/shop

.PHONY: help setup up demo down reset status doctor audit test unit integration e2e chaos chaos-smoke fuzz bench bench-large fmt lint types arch docs lock deployments

help: ## this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /  \1\t/' | expand -t 16

setup: ## make the Python environment (.venv) from the hash-pinned lock
	@deploy/local/setup.sh

up: setup ## start the whole system on this machine and print its addresses
	@$(SHOP) up

demo: setup ## send real customers through the shop, then audit what happened
	@$(SHOP) demo

audit: setup ## check money, stock, messages and figures of the running shop
	@$(SHOP) audit

status: setup ## what runs, and how it is
	@$(SHOP) status

doctor: setup ## what this machine lacks, if anything
	@$(SHOP) doctor

down: setup ## stop everything; data stays
	@$(SHOP) down

reset: setup ## stop everything and wipe its data
	@$(SHOP) reset --yes

test: setup ## everything CI checks: lint, types, architecture, all tests on real parts
	@$(MAKE) --no-print-directory -j2 --output-sync=target lint types arch
	@$(MAKE) --no-print-directory integration
	@# Two systems of their own that mostly wait: together they take little longer than the longer one.
	@$(MAKE) --no-print-directory -j2 --output-sync=target e2e chaos-smoke

unit: setup ## the pure tests, no services needed
	@$(BIN)/pytest -m "not integration and not kafka and not e2e" -q

integration: setup ## unit and integration tests on a throw-away PostgreSQL and broker
	@$(SHOP) test-platform -- $(BIN)/pytest -m "not e2e" -q -n 4 --dist loadfile

e2e: setup ## the end-to-end tests through the edge of a throw-away system
	@$(SHOP) test-system -- $(BIN)/pytest tests/e2e -q

chaos: setup ## break it on purpose: every scenario with five seeds, on real parts (hours)
	@$(BIN)/python -m tests.chaos --seeds 5

chaos-smoke: setup ## a few scenarios and a mutant, as in CI (minutes)
	@$(BIN)/python -m tests.chaos --smoke

fuzz: setup ## minutes of generated calls on every service's API; SEED=n makes the same calls again
	@$(SHOP) test-platform -- $(BIN)/python -m tests.contract.http $(if $(SEED),--seed $(SEED))

bench: setup ## measure everything in one run; the report is in benchmarks/
	@$(BIN)/python -m benchmarks

bench-large: setup ## the same shop at 1,000 and at 100,000 products and 1,000,000 orders, and its query plans
	@$(BIN)/python -m benchmarks --only large

fmt: setup ## format the code
	@$(BIN)/ruff format -q . && $(BIN)/ruff check -q --fix .

lint: setup ## ruff
	@$(BIN)/ruff format --check -q . && $(BIN)/ruff check .

types: setup ## mypy strict
	@$(BIN)/mypy

arch: setup ## import rules between services and rooms, and size budgets
	@$(BIN)/lint-imports && $(BIN)/python tests/arch/sizes.py

docs: setup ## write the generated documents again
	@$(BIN)/python -m contracts.documents .

lock: ## pin the dependencies again (needs uv)
	@uv lock -q --upgrade && uv export -q --frozen --all-packages --all-groups --no-emit-workspace --no-header --no-annotate -o requirements.lock >/dev/null && deploy/compose/lock.sh

deployments: setup ## write docker-compose.yml and the manifests again from the local tables
	@$(BIN)/python -m deploy.compose.render && $(BIN)/python -m deploy.k8s.render
