package nerbench

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// imports is the import graph: for each room, what it may import beyond the
// standard library. Imports point one way. Do not change this table to make a
// build pass: a room that needs another one is a question of design, answered
// in docs/decisions.
//
// golang.org/x holds the Go project's own supplements and counts as its
// standard library, but is listed all the same.
var imports = map[string][]string{
	".":   {},
	"ner": {},

	"answers": {"ner", "golang.org/x/text"},
	// The format of files for others: it reads no store and no data.
	"bundles":         {"ner", "internal/checksum", "internal/fault", "internal/names", "github.com/klauspost/compress", "github.com/hiddeco/sshsig", "golang.org/x/crypto"},
	"boards":          {"ner", "datasets", "internal/strict"}, // what is ranked, and by which rules
	"datasets":        {"ner", "internal/names", "internal/strict"},
	"datasets/fetch":  {"internal/atomicfile", "internal/checksum", "internal/httpclient", "internal/names", "internal/retry"}, // downloads of files, whatever they are for
	"datasets/sample": {},
	"metrics":         {"ner", "internal/parallel"},
	"metrics/stats":   {"internal/parallel", "ner"},
	"prompts":         {"ner", "internal/names", "internal/strict"},
	"reports":         {"ner", "internal/fault", "internal/terminal", "github.com/olekukonko/tablewriter"},
	"reports/echarts": {},
	"reports/page":    {"ner", "reports", "reports/echarts", "github.com/go-echarts/go-echarts"},
	"reports/site":    {"ner", "reports", "reports/echarts", "internal/fault", "internal/lock", "internal/parallel", "golang.org/x/sys"},
	"reports/paper":   {"ner", "reports", "internal/strict"},
	"results":         {"internal/parallel", "internal/retry", "ner", "internal/signature", "modernc.org/sqlite", "internal/atomicfile", "internal/filesystem", "internal/lock"},
	"runners":         {"internal/httpclient", "internal/retry", "ner"},
	"reports/exchange": { // what other programs read; the figures of metrics are their numbers
		"ner", "internal/atomicfile", "internal/fault", "internal/jsonl", "internal/names", "metrics", "reports", "github.com/parquet-go/parquet-go",
	},

	"loaders": {"internal/checksum", "ner", "datasets", "internal/archive", "internal/parquetfile", "github.com/parquet-go/parquet-go", "github.com/go-json-experiment/json"}, // a dataset says how its files are read

	// Files are verified, and recognized by their content, with the loaders that will
	// read them.
	"datasets/acquire": {"ner", "datasets", "datasets/fetch", "datasets/verify", "loaders", "internal/archive", "internal/atomicfile", "internal/checksum", "internal/fault", "internal/httpclient", "internal/lock", "internal/names", "internal/parallel"},
	// Verification reads the files, and scores gold as prediction.
	"datasets/verify": {"ner", "answers", "datasets", "loaders", "metrics"},

	// In the process: llama.cpp, loaded when a model is opened. The chat templates of
	// its files run in a child process.
	"runners/local/chattemplate":   {"internal/parallel", "internal/processor", "ner", "github.com/ardanlabs/jinja"},
	"runners/local/llamacpp":       {"internal/checksum", "ner", "runners", "runners/local/llamacpp/llama", "runners/local/chattemplate", "internal/fault", "internal/parallel"},
	"runners/local/llamacpp/llama": {"github.com/ebitengine/purego"},
	"runners/weights":              {"datasets/fetch", "internal/atomicfile", "internal/checksum", "internal/fault", "internal/parallel"},
	"runners/cards":                {"ner", "internal/names", "internal/strict"},

	"runners/local/onnx":        {"internal/checksum", "ner", "runners", "internal/fault", "internal/names", "internal/parallel", "github.com/knights-analytics/hugot"},
	"runners/exec":              {"internal/checksum", "ner", "runners", "internal/fault", "internal/httpclient", "internal/parallel", "internal/retry"}, // programs of the user
	"runners/ollama":            {"ner", "runners", "internal/fault", "internal/httpclient", "internal/retry", "github.com/ollama/ollama/api"},
	"runners/ollama/ollamatest": {"internal/reference"},
	"runners/runnertest":        {"ner", "runners"},
	"runners/runnertest/faults": {"ner", "internal/campaign"},
	"runners/tagger":            {"ner", "runners"},
	"runners/vllm":              {"ner", "runners", "internal/fault", "internal/httpclient", "internal/parallel", "internal/retry"},
	"runners/vllm/vllmtest":     {"internal/reference"},
	"runners/fleet": { // the same runners on other machines, behind a queue
		"ner", "runners", "runners/open", "internal/fault", "internal/lock", "internal/parallel", "internal/retry", "github.com/klauspost/compress", "github.com/nats-io",
	},

	// The loop joins questions, answers and counts, and links no third-party
	// code: where documents come from and where answers go is told to it.
	// The recipe and its files, without a teacher.
	"distill":        {"ner", "answers", "distill/corpus", "distill/ngrams", "internal/atomicfile", "internal/checksum", "internal/fault", "internal/jsonl", "internal/parallel", "internal/strict"},
	"distill/corpus": {"internal/checksum", "internal/parquetfile", "github.com/klauspost/compress", "github.com/parquet-go/parquet-go"},
	// A student is opened as far as it reads text, and compared with the prompts.
	"distill/check": {
		"ner", "distill", "internal/atomicfile", "internal/fault", "internal/strict", "prompts", "runners", "runners/cards", "runners/local/chattemplate",
		"runners/local/llamacpp", "runners/ollama", "runners/open", "runners/vllm", "github.com/gomlx/go-huggingface",
	},
	"distill/export": {"ner", "answers", "distill", "internal/atomicfile", "internal/fault", "internal/jsonl"}, // the formats of trainers
	"distill/ngrams": {"ner"},
	"distill/tables": {"ner", "distill", "reports"}, // its statistics, for people
	"harness/loop":   {"ner", "answers", "metrics", "runners", "internal/parallel"},
	"harness": {
		"ner", "answers", "boards", "datasets", "datasets/acquire", "datasets/sample", "datasets/verify", "distill", "distill/corpus", "distill/ngrams", "distill/tables", "harness/compare", "harness/files", "harness/loop", "internal/checksum", "internal/fault",
		"internal/httpclient", "internal/jsonl", "internal/parallel", "internal/strict", "loaders", "metrics", "metrics/stats", "prompts", "reports",
		"reports/exchange", "reports/page", "reports/paper", "reports/site", "results", "runners", "runners/cards", "runners/open",
	},
	// Above all that computes, below the flags: what is printed for people.
	"harness/texts": {
		"ner", "bundles", "datasets", "datasets/acquire", "datasets/verify", "distill", "distill/check", "distill/export", "harness", "harness/compare",
		"harness/files", "harness/loop", "internal/terminal", "loaders", "metrics", "reports", "results", "runners/cards", "submissions",
		"submissions/repository", "runners/fleet",
	},
	"harness/serve": {"harness", "internal/atomicfile", "internal/fault", "internal/parallel", "reports/site", "results"},
	"harness/doctor": {
		"ner", "harness", "internal/fault", "internal/filesystem", "internal/terminal", "loaders", "results", "runners", "runners/local/llamacpp", "runners/ollama", "runners/open",
		"runners/tagger", "runners/vllm",
	},
	"sweeps": { // above the harness: plans, runs, counts and tables of ablations
		"ner", "datasets", "harness", "harness/loop", "internal/fault", "internal/strict", "metrics", "metrics/stats", "reports", "reports/paper", "results",
		"runners/open",
	},
	// Above the harness, too: bundles made of runs, verified, audited and attested.
	"submissions": {
		"ner", "answers", "bundles", "datasets", "harness", "harness/loop", "internal/atomicfile", "internal/fault", "internal/strict", "metrics", "metrics/stats",
		"results", "runners/open",
	},
	// Submissions in a folder under git.
	"submissions/repository": {
		"ner", "boards", "bundles", "datasets/fetch", "harness", "internal/atomicfile", "internal/checksum", "internal/fault", "internal/lock", "internal/names", "internal/parallel",
		"internal/strict", "reports/site", "results", "submissions",
	},
	"runners/open": { // a model name becomes a runner: it sees them all
		"ner", "internal/fault", "internal/httpclient", "runners", "runners/exec", "runners/local/llamacpp", "runners/local/onnx", "runners/ollama", "runners/tagger", "runners/vllm",
		"datasets/fetch", "runners/weights", // weights are named on the hub, too
	},

	"internal/archive":    {"internal/names"},
	"internal/atomicfile": {},
	"internal/browser":    {"internal/reference", "github.com/chromedp", "github.com/coder/websocket"}, // tests only
	"internal/campaign":   {},                                                                          // tests only
	"internal/config":     {"internal/fault", "internal/strict"},
	// Files and stored runs are compared, and files evaluated, without a store.
	"harness/compare": {"ner", "harness/loop", "internal/fault", "metrics", "metrics/stats"},
	"harness/files": {
		"ner", "answers", "harness/compare", "harness/loop", "internal/fault", "internal/jsonl", "internal/parallel", "internal/signature", "loaders", "metrics",
		"metrics/stats", "prompts",
	},

	"internal/checksum":    {},
	"internal/commandline": {"internal/terminal", "github.com/urfave/cli"}, // flags, help and completion of any program
	"internal/terminal":    {},
	"internal/filesystem":  {}, // local or network: where locks may fail
	"internal/filetest":    {}, // tests only
	"internal/fault":       {}, // kinds of errors, for every package that a user's request reaches
	"internal/httpclient":  {}, // where requests may go, and what of them is printed
	"internal/jsonl":       {},
	"internal/parquetfile": {"github.com/parquet-go/parquet-go"}, // files that may be damaged
	"internal/parallel":    {},                                   // all goroutines: a panic in one is an error
	"internal/latextest":   {"internal/reference"},
	"internal/lock":        {"github.com/gofrs/flock"},
	"internal/names":       {}, // which names from outside may be names of files
	"internal/processor":   {},
	"internal/reference":   {},
	"internal/retry":       {},
	"internal/servers":     {}, // tests only
	"internal/signature":   {"ner"},
	"internal/strict":      {"github.com/BurntSushi/toml"},
	"internal/tinymodel":   {},
	"internal/validators":  {}, // tests only

	"cmd/nerbench": {
		"ner", "answers", "boards", "bundles", "datasets", "datasets/acquire", "datasets/fetch", "datasets/verify", "harness", "harness/compare",
		"harness/doctor", "harness/files", "harness/loop", "harness/serve", "harness/texts", "internal/atomicfile", "internal/commandline",
		"internal/config", "internal/fault", "internal/parallel", "internal/terminal", "loaders", "metrics", "metrics/stats", "prompts", "reports",
		"reports/exchange", "reports/page", "reports/paper", "reports/site", "distill", "distill/check", "distill/export", "results", "runners/cards",
		"runners/local/chattemplate", "runners/open", "submissions", "submissions/repository", "sweeps", "github.com/urfave/cli", "runners/fleet",
		"github.com/vbauerster/mpb",
	},
}

// twoRooms are the outside packages that two rooms have, with the reason.
var twoRooms = map[string]string{
	"github.com/parquet-go/parquet-go":   "loaders and distill/corpus read the Parquet files of others, reports/exchange writes tables; they share no code",
	"github.com/urfave/cli/v2":           "cmd/nerbench defines commands, internal/commandline reads and describes any of them",
	"github.com/klauspost/compress/zstd": "bundles writes and reads its own members, distill/corpus reads the files of others, runners/fleet its own messages",
}

// testImports is what test files may import besides.
var testImports = []string{
	"internal/browser", "internal/campaign", "internal/filetest", "internal/latextest", "internal/reference", "internal/tinymodel", "runners/runnertest", "runners/runnertest/faults", "runners/ollama/ollamatest", "runners/vllm/vllmtest",
	"github.com/rogpeppe/go-internal", "github.com/chromedp", "github.com/parquet-go/parquet-go",
	"github.com/nats-io", // to send garbage to a fleet
	"modernc.org/libc",   // to record the writes of SQLite
	"gopkg.in/yaml.v3",   // to read the workflows that board init writes
}

// testOnly are packages that no program file may import.
var testOnly = []string{"internal/browser", "internal/campaign", "internal/filetest", "internal/latextest", "internal/reference", "runners/runnertest", "runners/runnertest/faults", "runners/ollama/ollamatest", "runners/vllm/vllmtest"}

func TestImportsPointOneWay(t *testing.T) {
	outside := map[string]string{} // outside package -> the room that has it
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "node_modules") {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(name) == ".go" {
			checkImports(t, name, outside)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func checkImports(t *testing.T, file string, outside map[string]string) {
	t.Helper()
	room := path.Dir(file)
	allowed, ok := imports[room]
	if !ok {
		t.Errorf("%s: room %q is not in the import graph", file, room)
		return
	}
	test := strings.HasSuffix(file, "_test.go")
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Errorf("%s: %v", file, err)
		return
	}
	for _, spec := range f.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		ours := strings.TrimPrefix(p, "nerbench/")
		first, _, _ := strings.Cut(p, "/")
		if ours == p && !strings.Contains(first, ".") {
			continue // the standard library
		}
		if test {
			checkTestImport(t, file, room, ours, ours != p)
			continue
		}
		if !within(ours, allowed) {
			t.Errorf("%s: imports %s, which %q may not", file, p, room)
		}
		if slices.Contains(testOnly, ours) && !slices.Contains(testOnly, room) {
			t.Errorf("%s: imports %s, which is for tests", file, p)
		}
		if ours == p && !strings.HasPrefix(p, "golang.org/x/") {
			if other, seen := outside[p]; seen && other != room && twoRooms[p] == "" && !strings.HasPrefix(room, other) && !strings.HasPrefix(other, room) {
				t.Errorf("%s: %s is imported by %q too: an outside package belongs to one room", file, p, other)
			}
			outside[p] = room
		}
	}
}

// checkTestImport lets tests import what their room may, what is made for
// tests, and rooms below them: never cmd, and ner nothing of ours.
func checkTestImport(t *testing.T, file, room, p string, ours bool) {
	t.Helper()
	if within(p, imports[room]) || within(p, testImports) || p == room {
		return
	}
	if ours && room != "ner" && !strings.HasPrefix(p, "cmd/") {
		return
	}
	t.Errorf("%s: a test in %q may not import %s", file, room, p)
}

// within reports whether p is one of the allowed paths or below one that is
// outside this module.
func within(p string, allowed []string) bool {
	return slices.ContainsFunc(allowed, func(a string) bool {
		return p == a || strings.Contains(a, ".") && strings.HasPrefix(p, a+"/")
	})
}

// commandLines is the largest number of lines of cmd/nerbench outside its tests: the command
// line parses flags and prints, all else is library.
const commandLines = 6000

// TestTheCommandLineIsThin: what a library could hold is not in cmd/nerbench.
func TestTheCommandLineIsThin(t *testing.T) {
	files, err := fs.Glob(os.DirFS("."), "cmd/nerbench/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	lines := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines += strings.Count(string(source), "\n")
	}
	if lines > commandLines {
		t.Errorf("cmd/nerbench has %d lines, more than %d: move what is not flags or printing into a library package", lines, commandLines)
	}
}
