# The tasks of this repository. CI runs them through .ci/run.
export CGO_ENABLED := 0

.PHONY: build board train test campaign integration lint bench peers fuzz golden llama-libs notices vulnerabilities release

# The commit that the program is built from; empty outside a repository.
STAMP := $(shell git describe --always --dirty --tags 2>/dev/null)
build: ## build the program: bin/nerbench
	go build -trimpath -ldflags "-s -w -X main.stamp=$(STAMP)" -o bin/nerbench ./cmd/nerbench

board: ## build the leaderboard of the embedded sample, to look at: board/site/index.html
	.ci/board

train: export NERBENCH_NO_SKIP = 1
train: ## train three students on a teacher's answers, and ask them: Table 4 in small; let the trainers read exports
	examples/train/run.sh
	NERBENCH_REFERENCE=$$(cd "$$NERBENCH_REFERENCE" && pwd) NERBENCH_TRAIN="$${NERBENCH_TRAIN:-$$(.ci/train)}" \
	  go test -count=1 ./internal/servers -run '^(TestConverted|TestTrain)$$'
	NERBENCH_TRAIN="$${NERBENCH_TRAIN:-$$(.ci/train)}" NERBENCH_TRAINERS="$${NERBENCH_TRAINERS:-$$(.ci/trainers)}" \
	  NERBENCH_ADAPTERS="$${NERBENCH_ADAPTERS:-$$(.ci/adapters)}" \
	  go test -count=1 -tags validators,train ./internal/validators -run 'ReadsExports$$'

test: ## everything that needs no server, no network, no data; TESTFLAGS are more flags
	go test -timeout 30m $(TESTFLAGS) ./...

campaign: ## break things on purpose, for hours: kills, power cuts, damage; NERBENCH_CAMPAIGN=0.1 is a tenth
	.ci/campaign

integration: ## run all tests, with the reference material, real servers, a browser and pdfLaTeX
	.ci/integration

lint: ## run gofmt, vet and staticcheck
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "gofmt: $$unformatted"; exit 1; fi
	go vet ./...
	go vet -tags validators,train ./internal/validators
	go tool staticcheck ./...
	@$(NOTICES) | cmp -s - THIRD_PARTY_NOTICES || { echo "THIRD_PARTY_NOTICES differs from go.mod: run make notices"; exit 1; }

bench: ## measure the figures of docs/benchmarks.md
	go test -run '^$$' -bench . -benchtime 1x ./...

PEERS ?= .cache/peers
peers: ## install the Python evaluators that make bench compares with
	python3 -m venv $(PEERS)
	$(PEERS)/bin/pip install -q -r cmd/nerbench/testdata/peers/requirements.txt

FUZZTIME ?= 20s
FUZZPKG ?= .
fuzz: ## every fuzz target of FUZZPKG for FUZZTIME each
	.ci/fuzz $(FUZZTIME) $(FUZZPKG)

golden: ## rewrite golden files; read the diff before you commit it
	go test $$(grep -rl --include='*_test.go' 'flag.Bool("update"' . | xargs -n1 dirname | sort -u) -update

KIND ?= cpu
llama-libs: ## install llama.cpp into the user's cache folder; KIND=cpu, vulkan or cuda
	.ci/llama-libs $(KIND)

NOTICES = go run .ci/notices.go $$(.ci/release --platforms)
notices: ## write the licences of the modules that the released programs contain
	$(NOTICES) > THIRD_PARTY_NOTICES

vulnerabilities: ## check the modules against the database of known vulnerabilities
	.ci/vulnerabilities

release: ## build the programs for all platforms: dist
	.ci/release
