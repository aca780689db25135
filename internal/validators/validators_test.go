//go:build validators

package validators

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"nerbench/internal/filetest"
	"nerbench/runners/ollama/ollamatest"
)

// guests are invented passages. Their text may be shown; that of ward, which has the same
// ones, may not.
const guests = `{"id": "a", "text": "Zoë Quill met Ümit in Port Varna.", "spans": [{"start": 0, "end": 9, "type": "PER"}, {"start": 14, "end": 18, "type": "PER"}, {"start": 22, "end": 32, "type": "LOC"}]}
{"id": "b", "text": "Nobody came 😀 to Essa.", "spans": [{"start": 17, "end": 21, "type": "LOC"}]}
{"id": "c", "text": "It rained.", "spans": []}
`

// dataset is a file of the dataset of the guests.
func dataset(id, text string) string {
	return filetest.Dataset{
		ID: id, Title: `Guests: "#1" é`, Folder: "guests", Text: text, Labels: [][2]string{{"PER", "person"}, {"LOC", "location"}}, Splits: []string{"test"},
	}.Documents()
}

// TestOtherProgramsReadExports exports runs of two models in every format, and lets the
// programs that the formats are made for read them.
func TestOtherProgramsReadExports(t *testing.T) {
	python := os.Getenv("NERBENCH_VALIDATORS")
	if python == "" {
		t.Fatal("NERBENCH_VALIDATORS names no Python: see doc.go")
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "nerbench")
	if out, err := exec.Command("go", "build", "-o", program, "nerbench/cmd/nerbench").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	filetest.Write(t, dir, map[string]string{
		"data/guests/test.jsonl": guests, "datasets/guests.toml": dataset("guests", "publish"), "datasets/ward.toml": dataset("ward", "never"),
	})
	server := ollamatest.New(t, func(f *ollamatest.Fake) {
		f.Answer = func(prompt string) string {
			_, text, _ := strings.Cut(prompt, "Text: ")
			switch words := strings.Fields(text); {
			case strings.HasPrefix(text, "It rained"):
				return "no\x00\x1b[2J\u2028\u0085 list" // malformed
			case strings.Contains(prompt, "location"):
				return ` ["Port Varna", "Essa", "Atlantis"]`
			default:
				return fmt.Sprintf(" [%q]", words[0]+" "+words[1])
			}
		}
	})
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.Command(program, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "NERBENCH_DATASETS=datasets", "NERBENCH_DATA=data", "NERBENCH_STORE=results.db", "OLLAMA_HOST="+server.URL)
		var errs strings.Builder
		cmd.Stderr = &errs
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%q: %v\n%s", args, err, errs.String())
		}
		return string(out)
	}
	run("run", "-q", "-m", "ollama/tiny", "-d", "guests,ward", "--probe", "0")
	run("run", "-q", "-m", "tagger", "-d", "sample-law,sample-general")
	run("run", "-q", "-m", "tagger", "-d", "sample-law", "--limit", "3")

	for _, tc := range []struct {
		format string
		args   []string // more of them
		files  bool
	}{
		{"eee", []string{"--where", "model=ollama/tiny", "--where", "model=tagger", "--organization", "Some Lab"}, true},
		{"lm-eval", []string{"--where", "model=ollama/tiny", "--where", "model=tagger"}, true},
		{"hf-eval-results", []string{"--where", "limit=", "--benchmark", "some/nerbench"}, true},
		{"model-index", []string{"--where", "model=ollama/tiny"}, false},
		{"csv", []string{"--where", "split=test"}, false},
		{"parquet", []string{"--where", "split=test"}, true},
	} {
		t.Run(tc.format, func(t *testing.T) {
			where := tc.args
			for i, a := range tc.args {
				if a == "--benchmark" || a == "--organization" {
					where = tc.args[:i]
				}
			}
			list := run(append([]string{"runs", "list", "--json"}, where...)...)
			var runs []any
			if err := json.Unmarshal([]byte(list), &runs); err != nil || len(runs) < 2 {
				t.Fatalf("%v\n%s", err, list)
			}
			work := t.TempDir()
			args := append([]string{"runs", "export", "--format", tc.format}, tc.args...)
			if tc.files {
				args = append(args, "--out", filepath.Join(work, tc.format))
			}
			printed := run(args...)
			write := map[string]string{"runs.json": list}
			if !tc.files {
				write[tc.format] = printed
			}
			for name, content := range write {
				if err := os.WriteFile(filepath.Join(work, name), []byte(content), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			check := exec.Command(python, "testdata/check.py", tc.format, work)
			check.Env = append(os.Environ(), "HF_HUB_OFFLINE=1")
			out, err := check.CombinedOutput()
			if err != nil || !strings.HasSuffix(string(out), tc.format+": ok\n") {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
