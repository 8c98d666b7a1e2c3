# WolfieAuth. `make` alone tells what there is.
SHELL := /bin/bash
BIN := $(CURDIR)/bin
export PATH := $(BIN):$(PATH)
export CGO_ENABLED ?= 0
GO ?= go
NPM_DIR := cmd/wolfieauth/app/interop
TEST_FLAGS ?=
PACKAGES ?= ./...

.DEFAULT_GOAL := help

##@ Run

.PHONY: help
help: ## show this list
	@awk 'BEGIN {FS = ":.*##"} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z][a-z0-9_-]*:.*##/ {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: build ## start everything: provider, Stripe sandbox and sample app, nothing to configure
	@$(BIN)/wolfieauth demo $(DEMO_FLAGS)

.PHONY: build
build: ## build the one binary into bin/
	@[ -x $(BIN)/wolfieauth ] || echo 'building; the first time takes a minute or two'
	@$(GO) build -trimpath -ldflags '-s -w' -o $(BIN)/wolfieauth ./cmd/wolfieauth

##@ Test

.PHONY: test
test: test-deps ## all tests, on SQLite and PostgreSQL, with browser and npm clients
	$(BIN)/gotestsum --format pkgname-and-test-fails --rerun-fails=0 -- -shuffle=on -timeout 10m $(TEST_FLAGS) $(PACKAGES)

.PHONY: test-deps
test-deps: $(BIN)/gotestsum $(BIN)/stripe-mock $(NPM_DIR)/node_modules/.installed system-deps ## install what the tests need

.PHONY: system-deps
system-deps: # Debian packages: headless browser and the database server's binaries
	@scripts/system-deps

.PHONY: race
race: ## the packages that share state, under the race detector
	CGO_ENABLED=1 $(GO) test -race -timeout 12m $(TEST_FLAGS) ./internal/... ./claims/... ./billing/... ./idp/...

CHAOS := Kill|Race|Parallel|Lost|Crash|Fault|Double|Doubled|AtOnce|Together|Writers|Workers|Order|Once|Model|Random

.PHONY: chaos
chaos: test-deps ## the long form of the race, kill and fuzz tests (more than half an hour)
	WOLFIEAUTH_CHAOS=long $(BIN)/gotestsum --format testname -- -count=1 -timeout 60m -run 'TestKillDuringAPurchase|TestKillWhileSeatsFollow|TestRandomMembersAndSeats|TestRandomHistories' ./cmd/wolfieauth/app
	$(BIN)/gotestsum --format pkgname-and-test-fails -- -count=10 -shuffle=on -timeout 60m -run '$(CHAOS)' ./internal/... ./claims/... ./billing/... ./idp/...
	scripts/fuzz 2m

.PHONY: fuzz
fuzz: ## every fuzz target for ten seconds
	scripts/fuzz 10s

.PHONY: bench
bench: ## statements per request and requests per second of the budgeted paths
	$(GO) test -run '^$$' -bench . -benchtime 3s ./cmd/wolfieauth/app

##@ Check

.PHONY: check
check: lint tidy-check lock-check vet ## everything that CI checks beside the tests

.PHONY: lint
lint: $(BIN)/golangci-lint ## linters and the rules of who may import whom
	$(BIN)/golangci-lint run ./...

.PHONY: vet
vet:
	$(GO) vet ./...

.PHONY: fmt
fmt: $(BIN)/golangci-lint ## format the code
	$(BIN)/golangci-lint fmt ./...

.PHONY: tidy-check
tidy-check: # go.mod and go.sum say what the code uses, no more
	$(GO) mod tidy -diff
	$(GO) mod verify

.PHONY: lock-check
lock-check: # lock files hold no download addresses
	@! grep -rn '"resolved": "http' --include=package-lock.json --exclude-dir=node_modules . || (echo 'a lock file holds download addresses'; exit 1)

##@ Tools

$(BIN)/gotestsum: tools/go.mod tools/go.sum
	cd tools && $(GO) build -o $@ gotest.tools/gotestsum

$(BIN)/stripe-mock: tools/go.mod tools/go.sum
	cd tools && $(GO) build -o $@ github.com/stripe/stripe-mock

$(BIN)/golangci-lint: tools/go.mod tools/go.sum
	cd tools && $(GO) build -o $@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

$(NPM_DIR)/node_modules/.installed: $(NPM_DIR)/package-lock.json
	cd $(NPM_DIR) && npm ci --no-fund --no-audit --ignore-scripts
	touch $@

.PHONY: clean
clean: ## remove what was built
	rm -rf bin $(NPM_DIR)/node_modules artifacts
