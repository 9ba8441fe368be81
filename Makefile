# Parlor's targets; `make help` lists them. The work itself is in setup/, .ci/ and xtask/.

SHELL := /bin/bash
.DEFAULT_GOAL := help

# Build caches stay outside the checkout: a fresh clone need not compile the dependencies again.
XDG_CACHE_HOME ?= $(HOME)/.cache
CARGO_TARGET_DIR ?= $(XDG_CACHE_HOME)/parlor/target
export CARGO_TARGET_DIR

BINARY := target/release/parlor

.PHONY: help
help: ## List the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)$$/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do printf '  make %-14s %s\n' "$$name" "$$text"; done

.PHONY: run
run: build ## Set up, build and start Parlor with an embedded database and the HubSpot sandbox
	@exec $(BINARY) serve --sandbox

.PHONY: build
build: web ## Build target/release/parlor: one binary, assets inside
	cargo build --release --package parlor-server --bin parlor
	@# Cargo's target folder may be the checkout's own; then the binary is already where it belongs.
	@[ "$(CARGO_TARGET_DIR)/release/parlor" -ef $(BINARY) ] || install -D -m 755 "$(CARGO_TARGET_DIR)/release/parlor" $(BINARY)

.PHONY: web
web: setup ## Build what the browser gets into target/web
	cargo xtask web

.PHONY: setup
setup: ## Install what building needs, once: WASM's standard library, wasm-opt and esbuild
	@setup/wasm.sh
	@setup/node.sh xtask

.PHONY: test
test: ## Run all tests: Rust, HubSpot's SDK, browser; ends with "N passed, N failed"
	@.ci/test.sh build rust sdk browser

.PHONY: test-rust
test-rust: ## Run the Rust tests
	@.ci/test.sh build rust

.PHONY: test-browser
test-browser: ## Run the browser tests on the built binary
	@.ci/test.sh build browser

.PHONY: test-sdk
test-sdk: ## Run the checks with HubSpot's own SDK on the built binary
	@.ci/test.sh build sdk

.PHONY: test-live
test-live: build ## Compare the sandbox with a HubSpot developer account (HUBSPOT_TEST_TOKEN; see docs/sandbox.md)
	@setup/node.sh end2end/sdk
	@npm --prefix end2end/sdk run --silent live

.PHONY: dev
dev: setup ## Run cargo leptos watch with the sandbox (installs cargo-leptos, about ten minutes the first time)
	@setup/cargo-leptos.sh
	@setup/dev.sh

.PHONY: bench
bench: build ## Measure speed, memory and sizes, and write the report
	cargo run --release --package parlor-bench

.PHONY: lint
lint: ## Check formatting, clippy and the dependencies' licences and sources
	@.ci/lint.sh

.PHONY: clean
clean: ## Remove what was built in the checkout; the build cache outside it stays
	rm -rf target xtask/node_modules end2end/node_modules end2end/sdk/node_modules end2end/test-results end2end/playwright-report end2end/pictures
