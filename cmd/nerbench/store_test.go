package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nerbench/internal/filetest"
	"nerbench/results"
)

// program runs the program in this process, in the current folder.
func program(t *testing.T, getenv map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	env := &environment{
		stdin: strings.NewReader(""), stdout: &out, stderr: &errs,
		getenv: func(name string) string { return getenv[name] },
	}
	code = run(t.Context(), append([]string{"nerbench"}, args...), env)
	return code, out.String(), errs.String()
}

// TestStoresThatAreRefusedAreLeftAlone gives every command that opens a store
// one that it must not touch.
func TestStoresThatAreRefusedAreLeftAlone(t *testing.T) {
	const userVersion = 60 // offset in the header of an SQLite file, 4 bytes
	makeStore := func(t *testing.T, change func([]byte) []byte) {
		t.Helper()
		s, err := results.Open(t.Context(), "results.db", results.Create)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile("results.db")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("results.db", change(b), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, tc := range []struct {
		name         string
		change       func([]byte) []byte
		reason, hint string
	}{
		{
			"newer", func(b []byte) []byte { copy(b[userVersion:], "\x00\x00\x00\x63"); return b },
			"written by a newer nerbench: schema 99", "install the newer nerbench",
		},
		{"no database", func([]byte) []byte { return []byte("some notes of mine") }, "not a nerbench store", "was not touched"},
		{"damaged", func(b []byte) []byte { clear(b[4096:]); return b }, "damaged", "store recover"},
	} {
		for _, args := range [][]string{
			{"runs", "list"}, {"runs", "show", "0"}, {"runs", "rm", "0"}, {"runs", "export", "0"},
			{"table"}, {"site", "build"}, {"doctor"}, {"score", "--all"},
		} {
			t.Run(tc.name+" "+strings.Join(args, " "), func(t *testing.T) {
				t.Chdir(t.TempDir())
				makeStore(t, tc.change)
				before := contents(t)
				code, stdout, stderr := program(t, nil, args...)
				if code != exitError {
					t.Errorf("exit code %d, want %d", code, exitError)
				}
				for _, want := range []string{tc.reason, "hint: ", tc.hint} {
					if !strings.Contains(stdout+stderr, want) {
						t.Errorf("no %q in\n%s%s", want, stdout, stderr)
					}
				}
				if after := contents(t); !maps.Equal(after, before) {
					t.Error("files were changed")
				}
			})
		}
	}
}

// contents are the files of the current folder; empty logs beside a store do not
// count.
func contents(t *testing.T) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, e := range entries {
		b, err := os.ReadFile(e.Name())
		if err != nil {
			t.Fatal(err)
		}
		if len(b) > 0 && !strings.HasSuffix(e.Name(), "-shm") {
			files[e.Name()] = string(b)
		}
	}
	return files
}

// hostileServer answers as an Ollama server whose model writes markup, breaks
// off, or says nothing.
func hostileServer(t *testing.T) string {
	t.Helper()
	answers := []string{`["Ann"]`, `<script>alert("x")</script><!--`, "", `["Zoë", "no such name"]`, `["Ann`, "[]"}
	mux := http.NewServeMux()
	reply := func(w http.ResponseWriter, v any) {
		if err := json.NewEncoder(w).Encode(v); err != nil {
			t.Error(err)
		}
	}
	mux.HandleFunc("GET /api/version", func(w http.ResponseWriter, _ *http.Request) { reply(w, map[string]any{"version": "0.24.0"}) })
	mux.HandleFunc("GET /api/tags", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, map[string]any{"models": []any{map[string]any{"name": "wild:latest", "digest": strings.Repeat("a", 64)}}})
	})
	mux.HandleFunc("POST /api/show", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, map[string]any{"model_info": map[string]any{"general.architecture": "llama", "llama.context_length": 4096}})
	})
	mux.HandleFunc("POST /api/generate", func(w http.ResponseWriter, r *http.Request) {
		var q struct{ Prompt string }
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
			t.Error(err)
		}
		sum := 0
		for _, b := range []byte(q.Prompt) {
			sum += int(b)
		}
		reply(w, map[string]any{
			"model": "wild", "response": answers[sum%len(answers)], "done": true, "done_reason": "stop",
			"prompt_eval_count": len(q.Prompt)/4 + 1, "eval_count": 3,
		})
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// TestHostileAnswersReachTheReportAsText follows answers with markup from the
// server through the store to exports, tables and the page.
func TestHostileAnswersReachTheReportAsText(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	filetest.Write(t, "", map[string]string{
		"datasets/pets.toml": petsDataset, "data/pets/train.txt": "Ann B-PER\n", "data/pets/test.txt": petsTest(12),
	})
	getenv := map[string]string{"OLLAMA_HOST": hostileServer(t)}
	call := func(args ...string) string {
		t.Helper()
		code, stdout, stderr := program(t, getenv, append([]string{"-q", "--datasets", "datasets", "--data", "data"}, args...)...)
		if code != 0 {
			t.Fatalf("%v: exit code %d: %s", args, code, stderr)
		}
		return stdout
	}
	call("run", "-m", "ollama/wild", "-d", "pets")
	var runs []struct {
		ID       string
		Queries  int
		Outcomes map[string]int
	}
	if err := json.Unmarshal([]byte(call("runs", "list", "--json")), &runs); err != nil {
		t.Fatal(err)
	}
	if len(runs) != 1 || runs[0].Queries != 24 || runs[0].Outcomes["blank"] == 0 || runs[0].Outcomes["no_structure"] == 0 {
		t.Fatalf("runs %+v: want one with 24 queries, some of them blank, some without structure", runs)
	}
	exported := call("runs", "export", runs[0].ID, "--what", "answers")
	if !strings.Contains(exported, `<script>alert(\"x\")</script><!--`) || strings.Count(exported, "\n") != 12 {
		t.Errorf("answers are not exported as they are:\n%s", exported)
	}
	if predicted := call("runs", "export", runs[0].ID); !strings.Contains(predicted, `"unaligned":[{"text":"Zoë","type":"person"},{"text":"no such name","type":"person"}]`) {
		t.Errorf("mentions without a place are not exported:\n%s", predicted)
	}
	if table := call("table"); !strings.Contains(table, "fail: % of queries without a readable answer") {
		t.Errorf("the table does not show failures:\n%s", table)
	}
	call("site", "build", "--single")
	page, err := os.ReadFile(filepath.Join("report", "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(page, []byte(`<script>alert`)) || !bytes.Contains(page, []byte(`&lt;script&gt;alert(`)) {
		t.Error("markup of an answer is not text in the page")
	}
}

func petsTest(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "Ann B-PER\nsees O\nRex%d B-PET\n\n", i)
	}
	return b.String()
}

var petsDataset = filetest.Dataset{ID: "pets", Title: "Pets", Labels: [][2]string{{"PER", "person"}, {"PET", "pet"}}, Splits: []string{"train", "test"}}.Columns()

// TestDamagedAnswerIsNoOtherNumber changes one byte of an answer. No command prints
// another number; doctor finds the damage, store recover takes over the rest, and the
// same run is completed with one request.
func TestDamagedAnswerIsNoOtherNumber(t *testing.T) {
	t.Chdir(t.TempDir())
	expect := func(want int, args ...string) (stdout, stderr string) {
		t.Helper()
		code, stdout, stderr := program(t, nil, args...)
		if code != want {
			t.Fatalf("%v: exit code %d, want %d\n%s%s", args, code, want, stdout, stderr)
		}
		return stdout, stderr
	}
	whole, _ := expect(exitOK, "run", "-q", "-m", "tagger", "-d", "sample-finance")
	expect(exitOK, "runs", "export", "--what", "store", "--out", "copy.db")
	b, err := os.ReadFile("results.db")
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.LastIndex(b, []byte(`"end":`))
	if at < 0 {
		t.Fatal("no answer in the file")
	}
	b[at+len(`"end":`)] ^= 1
	if err := os.WriteFile("results.db", b, 0o600); err != nil {
		t.Fatal(err)
	}
	id := strings.TrimSuffix(strings.Fields(whole)[3], ":")
	for _, args := range [][]string{
		{"score", "--all"}, {"reproduce", id}, {"runs", "export", id, "--what", "answers"}, {"run", "-m", "tagger", "-d", "sample-finance", "--metric", "semeval_type_f1"},
	} {
		if _, stderr := expect(exitError, args...); !strings.Contains(stderr, "wrong checksum") || !strings.Contains(stderr, "store recover") {
			t.Errorf("%v: %s", args, stderr)
		}
	}
	report, _ := expect(exitError, "doctor", "--only", "store")
	for _, want := range []string{"1 of 12 answers are damaged", "whole: 11 answers, 1 run with 11 of 12 complete passages", "hint: nerbench store recover"} {
		if !strings.Contains(report, want) {
			t.Errorf("doctor: no %q in\n%s", want, report)
		}
	}
	recovered, stderr := expect(exitPartial, "store", "recover", "--into", "new.db")
	if recovered != "new.db: 11 answers, 1 run, 11 of 12 complete passages\n" || !strings.Contains(stderr, "not everything could be recovered") {
		t.Errorf("recover: %s%s", recovered, stderr)
	}
	expect(exitError, "store", "recover", "--into", "new.db")
	again, _ := expect(exitOK, "run", "-q", "-m", "tagger", "-d", "sample-finance", "--store", "new.db")
	if want := strings.Replace(whole, "asked now 12, cached 0", "asked now 1, cached 11", 1); again != want {
		t.Errorf("the completed run:\n%swant\n%s", again, want)
	}
	for _, store := range []string{"new.db", "copy.db"} {
		expect(exitOK, "doctor", "--only", "store", "--store", store)
	}
	for _, args := range [][]string{
		{"store", "recover"}, {"store", "recover", "x.db", "--into", "y.db"}, {"store"},
		{"runs", "export", "--what", "store"}, {"runs", "export", id, "--what", "store", "--out", "x.db"}, {"runs", "export", id, "--out", "x"},
	} {
		expect(exitUsage, args...)
	}
}
