//go:build unix

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nerbench/runners/vllm/vllmtest"
)

// TestWeightsJoinServers: two servers of the same weights make one run, in parts that
// are merged, and their addresses are metadata that stay here.
func TestWeightsJoinServers(t *testing.T) {
	w, servers := vllmWorkplace(t, 12, plain, func(f *vllmtest.Fake) { f.Root = "/elsewhere/tiny" })
	w.writeWeights("models/tiny")
	w.write("cards/house.toml", "title = \"House\"\nmodel = \"vllm/tiny\"\nweights = \"../models/tiny\"\nfamily = \"uniner\"\nvariant = \"repo\"\nshape = \"completion\"\n")
	asking := func(server int, more ...string) []string {
		return append([]string{"run", "-d", "mini", "-q", "--json", "--base-url", servers[server].URL}, more...)
	}
	first := w.report(asking(0, "-m", "vllm/tiny", "--weights", "models/tiny", "--shard", "1/2", "--store", "1.db")...)
	second := w.report(asking(1, "-m", "house", "--models", "cards", "--shard", "2/2", "--store", "2.db")...)
	if first.Run != second.Run || first.Complete != 6 || second.Complete != 6 || first.Part == nil || first.Part.Part != "1/2" || len(first.Scores) > 0 {
		t.Fatalf("parts %+v and %+v", first, second)
	}
	if f := first.Facts; f["identity"] != "digest" || f["weights_from"] != "tiny" || f["served_at"] != servers[0].URL || f["served_as"] != "/models/tiny" || f["weights_doubt"] != "" {
		t.Errorf("facts %v", f)
	}
	w.must("merge", "1.db", "2.db", "--into", "results.db")
	// The run of one server, asked at once, has the same content.
	whole := w.report(asking(0, "-m", "vllm/tiny", "--weights", "models/tiny", "--store", "whole.db")...)
	if whole.Run != first.Run || whole.Complete != 12 {
		t.Errorf("run %+v", whole)
	}
	w.must("score", "--all", "-q")
	merged, _ := w.dumped("results.db")
	if want, _ := w.dumped("whole.db"); merged != want {
		t.Errorf("merged:\n%s\nwant\n%s", merged, want)
	}
	var shown struct {
		Keys, Facts map[string]string
		State       string
	}
	if err := json.Unmarshal([]byte(w.printed("runs", "show", first.Run, "--json")), &shown); err != nil {
		t.Fatal(err)
	}
	if shown.State != "complete" || shown.Keys["address"]+shown.Keys["root"] != "" || len(shown.Keys["digest"]) != 64 {
		t.Errorf("state %s, keys %v", shown.State, shown.Keys)
	}
	for _, s := range servers {
		if !strings.Contains(shown.Facts["served_at"], s.URL) {
			t.Errorf("served at %q, want %s", shown.Facts["served_at"], s.URL)
		}
	}
	w.must("site", "build", "--out", "site")
	w.must("runs", "export", first.Run, "--format", "eee", "--out", "eee")
	for _, folder := range []string{"site", "eee"} {
		err := filepath.WalkDir(filepath.Join(w.dir, folder), func(path string, d os.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				text, err := os.ReadFile(path)
				if err != nil || strings.Contains(string(text), "127.0.0.1") {
					t.Errorf("%s has an address, %v", path, err)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestWeightsApart: without weights, a part says that its answers do not join, and merge
// names the runs. Other weights and another version of the server are other runs.
func TestWeightsApart(t *testing.T) {
	w, servers := vllmWorkplace(t, 4, plain, func(f *vllmtest.Fake) { f.Root = "/models/other" })
	w.writeWeights("models/tiny")
	for i, part := range []string{"1/2", "2/2"} {
		code, _, stderr := w.with(nil, "run", "-m", "vllm/tiny", "-d", "mini", "--base-url", servers[i].URL, "--shard", part, "--store", "part"+part[:1]+".db")
		if code != 0 || !strings.Contains(stderr, "will not join those of other servers (--weights identifies") {
			t.Errorf("exit code %d\n%s", code, stderr)
		}
	}
	out := w.must("merge", "part1.db", "part2.db", "--into", "merged.db")
	if !strings.Contains(out, "2 runs") || !strings.Contains(out, "are incomplete, and differ only in address, root: their answers do not join (run --weights") {
		t.Errorf("merge prints\n%s", out)
	}
	code, stdout, stderr := w.with(nil, "run", "-m", "vllm/tiny", "-d", "mini", "--base-url", servers[1].URL, "--weights", "models/tiny", "--json")
	if code != 0 || !strings.Contains(stderr, `reports the weights \"/models/other\", but --weights names tiny`) || !strings.Contains(stdout, `"weights_doubt": "the server reports \"/models/other\""`) {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	for _, tc := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"-m", "vllm/tiny", "--weights", "hf:mira/tiny"}, 2, "want hf:ORG/NAME@COMMIT"},
		{[]string{"-m", "vllm/tiny", "--weights", "nothing"}, 1, "weights: stat nothing: no such file"},
		{[]string{"-m", "vllm/tiny", "--weights", "data"}, 1, "weights: data: no safetensors"},
		{[]string{"-m", "tagger", "--weights", "models/tiny"}, 2, "model tagger has a digest of its own"},
		{[]string{"-m", "ollama/tiny", "--weights", "models/tiny"}, 2, "model ollama/tiny has a digest of its own"},
		{[]string{"-m", "vllm/tiny", "-m", "vllm/other", "--weights", "models/tiny"}, 2, "-m is given 2 times"},
	} {
		code, _, stderr := w.with(nil, append([]string{"run", "-d", "mini", "--base-url", servers[0].URL}, tc.args...)...)
		if code != tc.code || !strings.Contains(stderr, tc.want) {
			t.Errorf("%q: exit code %d, want %d and %q\n%s", tc.args, code, tc.code, tc.want, stderr)
		}
	}
}

// writeWeights writes the files of an invented model, which are old enough to be cached.
func (w *workplace) writeWeights(folder string) {
	w.t.Helper()
	for name, text := range map[string]string{"model.safetensors": "weights", "config.json": "{}", "tokenizer.json": "{}"} {
		w.write(folder+"/"+name, text)
		at := time.Now().Add(-time.Hour)
		if err := os.Chtimes(filepath.Join(w.dir, folder, name), at, at); err != nil {
			w.t.Fatal(err)
		}
	}
}
