# The whole interface: build, test, lint, bench, golden, llama-libs.
export CGO_ENABLED := 0

.PHONY: build test integration lint bench peers fuzz golden llama-libs

build: ## the program, in bin/nerbench
	go build -trimpath -o bin/nerbench ./cmd/nerbench

test: ## everything that needs no server, no network, no data; TESTFLAGS are more flags
	go test -timeout 30m $(TESTFLAGS) ./...

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
FUZZPKG ?= .
fuzz: ## every fuzz target of FUZZPKG for FUZZTIME each
	.ci/fuzz $(FUZZTIME) $(FUZZPKG)

golden: ## rewrite golden files; read the diff before you commit it
	go test $$(grep -rl --include='*_test.go' 'flag.Bool("update"' . | xargs -n1 dirname | sort -u) -update

KIND ?= cpu
llama-libs: ## llama.cpp for models in the process, into the user's cache folder; KIND=cpu, vulkan or cuda
	.ci/llama-libs $(KIND)
