# The whole interface: build, test, lint, bench, golden, llama-libs.
export CGO_ENABLED := 0

.PHONY: build test integration lint bench peers fuzz golden llama-libs

# The commit; empty outside of a repository.
STAMP := $(shell git describe --always --dirty --tags 2>/dev/null)
build: ## the program, in bin/nerbench
	go build -trimpath -ldflags "-s -w -X main.stamp=$(STAMP)" -o bin/nerbench ./cmd/nerbench

test: ## everything that needs no server, no network, no data
	go test ./...

integration: ## what needs the reference material, a real Ollama server, and a browser
	.ci/integration

lint: ## gofmt, vet, staticcheck
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "gofmt: $$unformatted"; exit 1; fi
	go vet ./...
	go tool staticcheck ./...

bench: ## figures for docs/benchmarks.md, as ratios measured in one run
	go test -run '^$$' -bench . -benchtime 1x ./...

PEERS ?= .cache/peers
peers: ## evaluators of others in Python, which make bench measures beside ours
	python3 -m venv $(PEERS)
	$(PEERS)/bin/pip install -q -r cmd/nerbench/testdata/peers/requirements.txt

FUZZTIME ?= 20s
fuzz: ## every fuzz target for FUZZTIME each
	.ci/fuzz $(FUZZTIME)

golden: ## rewrite golden files; read the diff before you commit it
	go test ./... -update

KIND ?= cpu
llama-libs: ## llama.cpp for models in the process, into the user's cache folder; KIND=cpu, vulkan or cuda
	.ci/llama-libs $(KIND)
