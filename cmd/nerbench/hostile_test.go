package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"unicode"

	"nerbench/internal/terminal"
	"nerbench/runners/vllm/vllmtest"
)

// evil sets the title of a terminal, clears it, colours it, and changes the direction of
// writing, in several encodings.
const evil = "\x1b]0;title\a\x1b[2J\x1b[31mEVIL\u202e\u2066\u009b2J\x7f\b"

// ownSequences are what the program itself may write with colours.
var ownSequences = strings.NewReplacer("\x1b[0m", "", "\x1b[1m", "", "\x1b[31m", "", "\x1b[32m", "", "\x1b[33m", "", "\x1b[36m", "", "\x1b[39m", "", "\x1b[22m", "")

// TestHostileText: a server, a model, a dataset, a store and files are full of sequences
// for terminals. No command lets one pass, with colours and without.
func TestHostileText(t *testing.T) {
	var refuse atomic.Bool
	w, servers := vllmWorkplace(t, 3, func(f *vllmtest.Fake) {
		f.Model, f.Root = "tiny"+evil, "/models/"+evil
		f.Answer = func(string) string { return `["Town1` + evil + `", "` + "Person0" + `"] ` + evil }
		f.Intercept = func(out http.ResponseWriter, path string, _ *vllmtest.Request) bool {
			if path == "/version" {
				text, _ := json.Marshal(map[string]string{"version": "1" + evil})
				_, _ = out.Write(text)
				return true
			}
			if refuse.Load() && strings.HasSuffix(path, "completions") {
				text, _ := json.Marshal(map[string]any{"error": map[string]string{"message": "no" + evil}})
				out.WriteHeader(http.StatusForbidden)
				_, _ = out.Write(text)
				return true
			}
			return false
		}
	})
	dataset, err := os.ReadFile(filepath.Join(w.dir, "datasets/mini.toml"))
	if err != nil {
		t.Fatal(err)
	}
	quoted, _ := json.Marshal("Mini" + evil) // as in TOML
	quoted = bytes.ReplaceAll(quoted, []byte("\x7f"), []byte(`\u007f`))
	w.write("datasets/mini.toml", strings.NewReplacer(`"Mini"`, string(quoted), `"Nobody, 2026"`, string(quoted)).Replace(string(dataset)))
	w.write("data/mini/test.tsv", "Person0"+evil+"\tB-PER\nleft\tO\nTown1\tB-LOC\n\nPerson2\tB-PER\n"+evil+"\tO\n\n")
	w.write("pred.jsonl", hostileLine(map[string]any{"id": "d" + evil, "spans": []any{[]any{0, 2, "t" + evil}}}))
	w.write("gold.jsonl", hostileLine(map[string]any{"id": "d" + evil, "text": "an" + evil, "entities": []any{map[string]any{"start": 0, "end": 2, "type": "t" + evil}}}))
	model := "vllm/" + servers[0].Model
	asking := []string{"run", "-m", model, "-d", "mini", "--base-url", servers[0].URL}
	shown := func(args ...string) string {
		t.Helper()
		var all string
		for _, color := range []string{"always", "never"} {
			_, stdout, stderr := w.with(nil, append([]string{"--color", color}, args...)...)
			for name, text := range map[string]string{"standard output": stdout, "standard error": stderr} {
				checkShown(t, fmt.Sprintf("%s, %q, %s", color, args, name), text, color == "always")
			}
			all += stdout + stderr
		}
		return all
	}
	if out := shown(asking...); !strings.Contains(out, `EVIL\u202e`) {
		t.Errorf("the run is not shown:\n%s", out)
	}
	shown(append(asking, "--set", "variant=single_turn")...)
	_, list, _ := w.with(nil, "runs", "list", "--json")
	var runs []struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal([]byte(list), &runs); err != nil || len(runs) == 0 {
		t.Fatalf("%v\n%s", err, list)
	}
	id := runs[0].ID
	found := 0
	for _, args := range [][]string{
		{"runs", "list"}, {"runs", "show", id}, {"runs", "show", "--types", id}, {"runs", "errors", id}, {"runs", "errors", id, "--limit", "0", "--answers"},
		{"score", "--all"}, {"table"}, {"table", "--rows", "model", "--cols", "dataset"}, {"table", "--cols", "server_version"}, {"table", "--where", "model=" + model},
		{"compare", id, id}, {"compare", model, model, "--flips", "5"}, {"reproduce", id},
		{"models", "check", model, "-d", "mini", "--base-url", servers[0].URL}, {"doctor"}, {"doctor", "--base-url", servers[0].URL},
		{"datasets", "list"}, {"datasets", "show", "mini"}, {"datasets", "stats", "mini"}, {"datasets", "verify", "mini"}, {"datasets", "fetch", "mini", "--dry-run"},
		{"prompts", "list"}, {"prompts", "show", "uniner"},
		{"eval", "--gold", "gold.jsonl", "--pred", "pred.jsonl", "--by", "type"}, {"eval", "gold.jsonl", "pred.jsonl"}, {"parse", "--family", "nosuch" + evil}, {"sweep", "plan", "nosuch" + evil},
		{"datasets", "show", "nosuch" + evil}, {"runs", "show", "nosuch" + evil}, {"runs", "list", "--store", "nosuch" + evil}, {"nosuch" + evil}, {"--nosuch" + evil},
		{"paper", "nosuch" + evil}, {"config", "--config", "nosuch" + evil}, {"run", "-m", "nosuch" + evil, "-d", "mini"}, {"table", "--metric", evil}, {"help", evil},
		{"site", "build", "--out", "site" + evil}, {"runs", "rm", "nosuch" + evil},
	} {
		if strings.Contains(shown(args...), "EVIL") {
			found++
		}
	}
	if found < 20 {
		t.Errorf("only %d commands show the text", found)
	}
	refuse.Store(true)
	if out := shown("run", "-m", model, "-d", "mini", "--base-url", servers[0].URL, "--set", "seed=7"); !strings.Contains(out, `no\u001b]0;title`) {
		t.Errorf("the refusal is not shown:\n%s", out)
	}
	// For other programs the text is exact.
	_, stdout, _ := w.with(nil, "runs", "export", id, "--what", "answers")
	first, _, _ := strings.Cut(stdout, "\n")
	var line struct{ Answers []struct{ Text string } }
	if err := json.Unmarshal([]byte(first), &line); err != nil || len(line.Answers) == 0 || !strings.HasSuffix(line.Answers[0].Text, evil) || !strings.Contains(first, "\u202e") {
		t.Errorf("%v: the answer is %q", err, first)
	}
}

func hostileLine(v any) string {
	text, _ := json.Marshal(v) // texts and numbers
	return string(text) + "\n"
}

func checkShown(t *testing.T, what, text string, colours bool) {
	t.Helper()
	if strings.Contains(text, "\x1b[31mEVIL") {
		t.Errorf("%s: a colour of the text passes: %.300q", what, text[max(0, strings.Index(text, "\x1b[31mEVIL")-100):])
	}
	if colours {
		text = ownSequences.Replace(text)
	}
	for i, r := range text {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
			t.Errorf("%s: %U in %.300q", what, r, text[max(0, i-100):])
			return
		}
	}
}

// TestOutput: formats for other programs bypass the writer, unless standard output is a
// terminal.
func TestOutput(t *testing.T) {
	for _, tc := range []struct {
		format   string
		terminal bool
		want     string
	}{
		{"text", false, `\u009b`}, {"text", true, `\u009b`}, {"json", true, `\u009b`}, {"csv", true, `\u009b`}, {"json", false, "\u009b"}, {"csv", false, "\u009b"}, {"bibtex", false, "\u009b"},
	} {
		var b bytes.Buffer
		env := &environment{stdout: &b, stderr: io.Discard, getenv: func(string) string { return "" }, terminal: func(w io.Writer) bool { return tc.terminal && w == &b }}
		end := env.protect()
		_, err := io.WriteString(env.output(tc.format), "\u009b")
		if err != nil || end() != nil || b.String() != tc.want {
			t.Errorf("%s, terminal %t: %q, %v", tc.format, tc.terminal, b.String(), err)
		}
	}
	if terminal.Line("\u009b") != `\u009b` {
		t.Error("Line and the writer differ")
	}
}
