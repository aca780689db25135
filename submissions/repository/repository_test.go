package repository

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"nerbench/boards"
	"nerbench/bundles"
	"nerbench/harness"
	"nerbench/internal/fault"
	"nerbench/internal/reference"
	"nerbench/ner"
	"nerbench/submissions"
)

// key is a key of SSH with a fixed seed.
func key(t testing.TB, seed byte) *bundles.Key {
	t.Helper()
	private, err := x509.MarshalPKCS8PrivateKey(ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(rune('a'+seed)), ed25519.SeedSize))))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "id")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600); err != nil {
		t.Fatal(err)
	}
	k, err := bundles.OpenKey(path, "")
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// bundle makes a bundle of the tagger on samples.
func bundle(t testing.TB, b *harness.Bench, seed int, k *bundles.Key, ids ...string) string {
	t.Helper()
	ds, err := b.AskedDatasets(ids, "")
	if err != nil {
		t.Fatal(err)
	}
	s, err := b.Run(t.Context(), harness.Request{Plan: ner.Plan{Model: "tagger", SamplingSeed: &seed}, Datasets: ds})
	if err != nil {
		t.Fatal(err)
	}
	r := submissions.Request{Key: k, Out: filepath.Join(t.TempDir(), "x.nbz"), About: submissions.About{Model: bundles.About{Organisation: "Tessel Labs", Title: "Ta\"gger", Training: []string{}}}}
	for _, run := range s.Runs {
		r.Runs = append(r.Runs, run.Run)
	}
	made, err := submissions.Create(t.Context(), b, r)
	if err != nil {
		t.Fatal(err)
	}
	return made.File
}

// git runs git in a folder.
func git(t testing.TB, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=Mira", "-c", "user.email=mira@zoo.example", "-c", "commit.gpgsign=false"}, args...)...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v: %s", args, err, out)
	}
}

// board is a repository under git with one merged submission of two runs.
func board(t testing.TB) (b *harness.Bench, dir string) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		reference.Skip(t, "there is no git")
	}
	b = &harness.Bench{Store: filepath.Join(t.TempDir(), "results.db")}
	dir = filepath.Join(t.TempDir(), "board")
	if err := Init(dir); err != nil {
		t.Fatal(err)
	}
	git(t, dir, "init", "-q")
	added, err := Add(t.Context(), AddRequest{Dir: dir, File: bundle(t, b, 1, key(t, 1), "sample-law", "sample-stem"), User: "mira", Key: key(t, 1)})
	if err != nil || len(added.Runs) != 2 || len(added.Files) != 7 { // a key, a model, two runs, two blobs, the log
		t.Fatalf("added %+v, %v", added, err)
	}
	git(t, dir, "add", "-A")
	git(t, dir, "commit", "-q", "-m", "first")
	return b, dir
}

// TestSubmission: a fork adds a submission, which is verified; what was merged stays.
func TestSubmission(t *testing.T) {
	b, dir := board(t)
	whole, err := Verify(t.Context(), b, dir, "", Blobs{})
	if err != nil || len(whole.Runs) != 2 || len(whole.Faults) > 0 {
		t.Fatalf("verified %+v, %v", whole, err)
	}
	merged := map[string]bool{}
	for _, r := range whole.Runs {
		merged[r.ID] = true
		for _, m := range r.Metrics {
			if m.Verdict != submissions.Verified {
				t.Errorf("%s %s: %s", r.Dataset, m.ID, m.Verdict)
			}
		}
	}
	fork := filepath.Join(t.TempDir(), "fork")
	git(t, dir, "clone", "-q", dir, fork)
	file := bundle(t, b, 2, key(t, 2), "sample-law")
	request := AddRequest{Dir: fork, File: file, User: "bo"} // one run: its signature is kept
	if added, err := Add(t.Context(), request); err != nil || len(added.Runs) != 1 || slices.Contains(added.Files, "models/tessel-labs__ta-gger/model.toml") {
		t.Fatalf("added %+v, %v", added, err)
	}
	for _, commit := range []bool{false, true} { // a submission before and after its commit
		if commit {
			git(t, fork, "add", "-A")
			git(t, fork, "commit", "-q", "-m", "second")
		}
		got, err := Verify(t.Context(), b, fork, "origin/HEAD", Blobs{})
		if err != nil || len(got.Runs) != 1 || got.Files != whole.Files+3 || len(got.Read) > 0 {
			t.Errorf("committed %v: verified %+v, %v", commit, got, err)
		}
	}
	if again, err := Add(t.Context(), request); err != nil || len(again.Runs)+len(again.Files) != 0 {
		t.Errorf("added again %+v, %v", again, err)
	}
	// Board.toml names a reference model: its merged run on the same passages is compared.
	rules, err := os.ReadFile(filepath.Join(fork, "board.toml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, references, event string
		want                    int
	}{
		{"no reference", "", "", 0},
		{"another model", `references = ["other"]`, "", 0},
		{"the tagger", `references = ["other", "tagger"]`, "", 1},
		{"a withdrawn run", `references = ["tagger"]`, "withdrawn", 0},
	} {
		text := tc.references + "\n" + string(rules)
		if err := os.WriteFile(filepath.Join(fork, "board.toml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if tc.event != "" {
			for id := range merged {
				appendTo(t, filepath.Join(fork, logName), `{"event": "`+tc.event+`", "run": "`+id+`", "user": "mira"}`+"\n")
			}
		}
		v, err := Verify(t.Context(), b, fork, "origin/HEAD", Blobs{})
		if err != nil || len(v.Differences) != tc.want {
			t.Errorf("%s: differences %+v, %v", tc.name, v.Differences, err)
		}
		for _, d := range v.Differences {
			m := whole.Runs[d.Reference]
			if d.Dataset != "sample-law" || d.Metric != "span_f1" || d.Model != "tagger" || m.Dataset != d.Dataset || d.ReferenceF1 != *m.Metrics[0].F1 || d.F1 != *v.Runs[d.File].Metrics[0].F1 || d.F1 == 0 {
				t.Errorf("%s: difference %+v", tc.name, d)
			}
		}
	}
	git(t, fork, "checkout", "-q", "--", ".")
	// A malformed board.toml is a fault.
	if err := os.WriteFile(filepath.Join(fork, "board.toml"), []byte("colour = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if v, err := Verify(t.Context(), b, fork, "origin/HEAD", Blobs{}); err == nil || !strings.Contains(strings.Join(v.Faults, "\n"), `board.toml:1: key "colour": unknown`) {
		t.Errorf("a malformed board.toml: %q, %v", v.Faults, err)
	}
	git(t, fork, "checkout", "-q", "--", ".")
	// Changes that a person must judge are listed: keys that were merged, and rules.
	appendTo(t, filepath.Join(fork, "keys/mira.pub"), key(t, 3).Signer().Key+"\n")
	appendTo(t, filepath.Join(fork, "board.toml"), "\n")
	appendTo(t, filepath.Join(fork, ".github/workflows/verify.yml"), "\n")
	appendTo(t, filepath.Join(fork, ".github/new"), "\n")
	appendTo(t, filepath.Join(fork, ".gitattributes"), "\n")
	if v, err := Verify(t.Context(), b, fork, "origin/HEAD", Blobs{}); err != nil || !slices.Equal(v.Read, []string{".gitattributes", ".github/workflows/verify.yml", "board.toml", "keys/mira.pub", ".github/new"}) {
		t.Errorf("changes to read: %q, %v", v.Read, err)
	}
	// A withdrawal is an event.
	appendTo(t, filepath.Join(fork, logName), `{"event": "withdrawn", "run": "0123456789abcdef", "user": "bo", "reason": "wrong prompt"}`+"\n")
	if v, err := Verify(t.Context(), b, fork, "origin/HEAD", Blobs{}); err != nil || !slices.Contains(v.Read, logName) {
		t.Errorf("withdrawn: to read %q, %v", v.Read, err)
	}
	// So is an event that ranks a merged run again, or is about no run.
	runs := append(slices.Collect(maps.Keys(merged)), "0123456789abcdef")
	for _, run := range runs {
		git(t, fork, "checkout", "-q", "--", ".")
		appendTo(t, filepath.Join(fork, logName), `{"event": "added", "run": "`+run+`", "user": "mira"}`+"\n")
		if v, err := Verify(t.Context(), b, fork, "origin/HEAD", Blobs{}); err != nil || !slices.Contains(v.Read, logName) {
			t.Errorf("added %s: to read %q, %v", run, v.Read, err)
		}
	}
	if _, err := Verify(t.Context(), b, fork, "nosuch", Blobs{}); err == nil || !strings.Contains(err.Error(), "no such commit") {
		t.Errorf("an unknown commit: %v", err)
	}
	if _, err := Verify(t.Context(), b, fork, "--output=x", Blobs{}); !errors.As(err, new(*fault.UsageError)) {
		t.Errorf("a flag of git: %v", err)
	}
}

func appendTo(t testing.TB, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestRecords: a run becomes a bundle again, a maintainer asks its model, and the record
// is checked.
func TestRecords(t *testing.T) {
	b, dir := board(t)
	runs, _ := filepath.Glob(filepath.Join(dir, "submissions/*/*/*.json"))
	run := strings.TrimSuffix(filepath.Base(runs[0]), ".json")
	file := filepath.Join(t.TempDir(), "run.nbz")
	if err := Export(t.Context(), dir, run[:6], file, Blobs{}); err != nil {
		t.Fatal(err)
	}
	report, err := submissions.Verify(t.Context(), b, file)
	if err != nil || *report.Signer != *key(t, 1).Signer() || report.Runs[0].ID != run {
		t.Fatalf("verified %+v, %v", report, err)
	}
	record := filepath.Join(dir, "attestations", run, "bo.json")
	attest := submissions.AttestRequest{File: file, Spot: 5, Key: key(t, 2), Out: record, Request: harness.Request{Plan: ner.Plan{Model: "tagger"}}}
	if a, _, err := submissions.Attest(t.Context(), b, attest); err != nil || a.Equal != 5 {
		t.Fatalf("attested %+v, %v", a, err)
	}
	for _, step := range []struct{ want, key, move string }{
		{"bo.json: keys/bo.pub is missing", "", ""},
		{"signed by a key that keys/bo.pub does not have", key(t, 3).Signer().Key, ""},
		{"", key(t, 2).Signer().Key, ""},
		{"it is about another bundle", key(t, 2).Signer().Key, strings.TrimSuffix(filepath.Base(runs[1]), ".json")},
		{"there is no such run", key(t, 2).Signer().Key, "0123456789abcdef"},
	} {
		if step.key != "" {
			if err := os.WriteFile(filepath.Join(dir, "keys/bo.pub"), []byte(step.key+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if step.move != "" {
			to := filepath.Join(dir, "attestations", step.move)
			if err := os.Rename(filepath.Dir(record), to); err != nil {
				t.Fatal(err)
			}
			record = filepath.Join(to, "bo.json")
		}
		got, err := Verify(t.Context(), b, dir, "HEAD", Blobs{})
		if (err == nil) != (step.want == "") || !strings.Contains(strings.Join(got.Faults, "\n"), step.want) {
			t.Errorf("faults are %q, %v, want %q", got.Faults, err, step.want)
		}
		if name, _ := filepath.Rel(dir, record); !slices.Contains(got.Read, name) {
			t.Errorf("to read are %q, want %s", got.Read, name)
		}
	}
	for name, want := range map[string]string{"": "there is no such run", "ffff": "there is no such run", "2": "several runs begin with it, such as"} {
		if err := Export(t.Context(), dir, name, file, Blobs{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("run %q: %v", name, err)
		}
	}
}

// TestTampered: each change of what was merged is found, and so is each file that does
// not belong there.
func TestTampered(t *testing.T) {
	b, dir := board(t)
	runs, _ := filepath.Glob(filepath.Join(dir, "submissions/*/*/*.json"))
	blobs, _ := filepath.Glob(filepath.Join(dir, "blobs/*.zst"))
	if len(runs) != 2 || len(blobs) != 2 {
		t.Fatalf("runs %v, blobs %v", runs, blobs)
	}
	name := func(path string) string { rel, _ := filepath.Rel(dir, path); return rel }
	edit := func(path, old, new string) func() error {
		return func() error {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return os.WriteFile(path, []byte(strings.Replace(string(text), old, new, 1)), 0o600)
		}
	}
	for _, tc := range []struct {
		name, want string
		change     func() error
	}{
		{"a count", name(runs[0]) + ": ", edit(runs[0], `"n_pred": `, `"n_pred": 1`)},
		{"another user", "keys/bo.pub is missing", edit(runs[0], `"user": "mira"`, `"user": "bo"`)},
		{"a user outside", `user "../x": not a name`, edit(runs[0], `"user": "mira"`, `"user": "../x"`)},
		{"a run that is gone", name(runs[0]) + ": was merged, and must not change or go", func() error { return os.Remove(runs[0]) }},
		{"answers that are gone", name(blobs[0]) + ": was merged", func() error { return os.Remove(blobs[0]) }},
		{"other answers", name(blobs[0]) + ": was merged", func() error { appendTo(t, blobs[0], "x"); return nil }},
		{"another key", "signed by a key that keys/mira.pub does not have", func() error {
			return os.WriteFile(filepath.Join(dir, "keys/mira.pub"), []byte(key(t, 3).Signer().Key+"\n"), 0o600)
		}},
		{"a run that moved", "want the path submissions/", func() error {
			return os.Rename(runs[0], filepath.Join(filepath.Dir(runs[0]), "0123456789abcdef.json"))
		}},
		{"a log that changed", "log.jsonl: lines that were merged changed", edit(filepath.Join(dir, logName), "mira", "bo")},
		{"a log that is no log", "log.jsonl:3: want an event", func() error { appendTo(t, filepath.Join(dir, logName), "{}\n"); return nil }},
		{"a file more", "evil.sh: not part of a repository", func() error { return os.WriteFile(filepath.Join(dir, "evil.sh"), nil, 0o700) }},
		{"a link", "keys/x.pub: not a file: links are refused", func() error { return os.Symlink("/etc/passwd", filepath.Join(dir, "keys/x.pub")) }},
		{"a large file", "keys/x.pub: 30000 bytes: more than 20480", func() error {
			return os.WriteFile(filepath.Join(dir, "keys/x.pub"), make([]byte, 30000), 0o600)
		}},
		{"a user in another case", "keys/mira.pub: differs from keys/MIRA.pub only in upper and lower case", func() error {
			return os.WriteFile(filepath.Join(dir, "keys/MIRA.pub"), []byte(key(t, 3).Signer().Key+"\n"), 0o600)
		}},
		{"a submodule", "cache/x: not a file: submodules are refused", func() error {
			git(t, dir, "update-index", "--add", "--cacheinfo", "160000,"+strings.Repeat("1", 40)+",cache/x")
			return os.MkdirAll(filepath.Join(dir, "cache/x"), 0o700)
		}},
		{"answers without a run", ".zst: no run has these answers", func() error {
			return os.WriteFile(filepath.Join(dir, "blobs", strings.Repeat("0", 64)+".zst"), nil, 0o600)
		}},
		{"a record that nobody signed", "attestations/0123456789abcdef/mira.json.sig is missing", func() error {
			path := filepath.Join(dir, "attestations/0123456789abcdef/mira.json")
			return errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte("{}"), 0o600))
		}},
		{"no model", "model.toml is missing", func() error { return os.RemoveAll(filepath.Join(dir, "models")) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := tc.change(); err != nil {
				t.Fatal(err)
			}
			got, err := Verify(t.Context(), b, dir, "HEAD", Blobs{})
			if err == nil || errors.As(err, new(*fault.DataError)) || !strings.Contains(strings.Join(got.Faults, "\n"), tc.want) {
				t.Errorf("error is %v, faults are %q, want %q", err, got.Faults, tc.want)
			}
			git(t, dir, "reset", "-q", "--hard")
			git(t, dir, "clean", "-q", "-f", "-d")
		})
	}
	// Without git, answers that are not those of the run are found by their checksum.
	appendTo(t, blobs[0], "x")
	if got, err := Verify(t.Context(), b, dir, "", Blobs{}); err == nil || !strings.Contains(strings.Join(got.Faults, "\n"), "not the checksum of") {
		t.Errorf("other answers: %v, %q", err, got.Faults)
	}
	if err := os.Remove(blobs[0]); err != nil {
		t.Fatal(err)
	}
	if got, err := Verify(t.Context(), b, dir, "", Blobs{}); !errors.As(err, new(*fault.DataError)) || len(got.Unchecked) != 1 {
		t.Errorf("answers that are elsewhere: %v, %+v", err, got)
	}
}

// TestNoProgram: a submission to a board in a subfolder brings files that look like a
// repository of git, with a filter. The filter does not run.
func TestNoProgram(t *testing.T) {
	b, first := board(t)
	outer := t.TempDir()
	dir := filepath.Join(outer, "board")
	if err := os.Rename(first, dir); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, ".git")); err != nil {
		t.Fatal(err)
	}
	git(t, outer, "init", "-q")
	git(t, outer, "add", "-A")
	git(t, outer, "commit", "-q", "-m", "first")
	ran := filepath.Join(t.TempDir(), "ran")
	git(t, dir, "init", "-q", "--bare", ".")
	git(t, dir, "config", "core.bare", "false")
	git(t, dir, "config", "core.worktree", dir)
	appendTo(t, filepath.Join(dir, ".gitattributes"), "* filter=x\n")
	git(t, dir, "--git-dir=.", "add", "log.jsonl")
	git(t, dir, "--git-dir=.", "commit", "-q", "-m", "hostile")
	git(t, dir, "config", "filter.x.clean", "touch '"+ran+"'; cat")
	appendTo(t, filepath.Join(dir, logName), "\n")
	if _, err := Verify(t.Context(), b, dir, "HEAD", Blobs{}); err == nil || !strings.Contains(err.Error(), "cannot use bare repository") {
		t.Errorf("error is %v", err)
	}
	if _, err := os.Stat(ran); err == nil {
		t.Error("the filter of the submission ran")
	}
}

func TestRefused(t *testing.T) {
	b, dir := board(t)
	unsigned := bundle(t, b, 1, nil, "sample-law", "sample-stem")
	for name, tc := range map[string]struct {
		want    string
		request AddRequest
	}{
		"user":         {`user "../x": want letters`, AddRequest{Dir: dir, File: unsigned, User: "../x"}},
		"no key":       {"want a key to sign each", AddRequest{Dir: dir, File: unsigned, User: "mira"}},
		"another key":  {"keys/mira.pub: does not have the key that signed", AddRequest{Dir: dir, File: bundle(t, b, 2, nil, "sample-law", "sample-stem"), User: "mira", Key: key(t, 2)}},
		"merged":       {"is there with another content", AddRequest{Dir: dir, File: unsigned, User: "bo", Key: key(t, 2)}},
		"no bundle":    {"not in the form that nerbench writes", AddRequest{Dir: dir, File: filepath.Join(dir, "board.toml"), User: "mira"}},
		"no board":     {"not a repository of submissions", AddRequest{Dir: t.TempDir(), File: unsigned, User: "mira"}},
		"other folder": {"no such file", AddRequest{Dir: filepath.Join(dir, "nosuch"), File: unsigned, User: "mira"}},
	} {
		if added, err := Add(t.Context(), tc.request); err == nil || !strings.Contains(err.Error(), tc.want) || len(added.Files) > 0 {
			t.Errorf("%s: error is %v, want %q; wrote %v", name, err, tc.want, added.Files)
		}
	}
	if err := Init(dir); err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("a folder with files: %v", err)
	}
}

// TestFirst: a new repository has the built-in board, which is valid, and the workflows
// that docs/submit.md shows; it has no fault.
func TestFirst(t *testing.T) {
	dir := t.TempDir()
	if err := Init(dir); err != nil {
		t.Fatal(err)
	}
	got, err := boards.Read(os.DirFS(dir), "board.toml")
	if err != nil {
		t.Fatal(err)
	}
	if want, err := boards.Default(); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("board.toml is %+v, want %+v, %v", got, want, err)
	}
	page, err := os.ReadFile("../../docs/submit.md")
	if err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob(filepath.Join(dir, ".github/workflows/*"))
	if err != nil || len(paths) != 2 {
		t.Fatalf("workflows %v, %v", paths, err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		block := "\n```yaml .github/workflows/" + filepath.Base(path) + "\n" + string(text) + "```\n"
		if !strings.Contains(string(page), block) {
			t.Errorf("docs/submit.md does not show %s as it is", path)
		}
	}
	if v, err := Verify(t.Context(), &harness.Bench{}, dir, "", Blobs{}); err != nil || v.Files != 6 {
		t.Errorf("verified %+v, %v", v, err)
	}
}

// TestWorkflows: what reads a submission can only read, and what can write reads none.
func TestWorkflows(t *testing.T) {
	files, err := first()
	if err != nil {
		t.Fatal(err)
	}
	type step struct {
		Uses, Run string
		With      map[string]any
	}
	type workflow struct {
		On          any
		Permissions map[string]string
		Jobs        map[string]struct {
			Permissions map[string]string
			Steps       []step
		}
	}
	read := func(name string) (w workflow) {
		text := files[".github/workflows/"+name]
		if err := yaml.Unmarshal(text, &w); err != nil || len(w.Jobs) != 1 {
			t.Fatalf("%s: %d jobs, %v", name, len(w.Jobs), err)
		}
		if bytes.Contains(text, []byte("${{ secrets.")) {
			t.Errorf("%s has secrets", name)
		}
		for _, job := range w.Jobs {
			for _, s := range job.Steps {
				// Names of branches and the like are hostile: in a script they would be code.
				if strings.Contains(s.Run, "${{") {
					t.Errorf("%s: %q has an expression", name, s.Run)
				}
				if strings.HasPrefix(s.Uses, "actions/checkout") && s.With["persist-credentials"] != false {
					t.Errorf("%s: a checkout keeps the token", name)
				}
			}
		}
		return w
	}
	verify, comment := read("verify.yml"), read("comment.yml")
	if verify.On != "pull_request" || !maps.Equal(verify.Permissions, map[string]string{"contents": "read"}) || verify.Jobs["verify"].Permissions != nil {
		t.Errorf("verify.yml: on %v, permissions %v", verify.On, verify.Permissions)
	}
	if on, is := comment.On.(map[string]any); !is || len(on) != 1 || on["workflow_run"] == nil || len(comment.Permissions) > 0 {
		t.Errorf("comment.yml: on %v, permissions %v", comment.On, comment.Permissions)
	}
	for _, s := range comment.Jobs["comment"].Steps {
		if strings.HasPrefix(s.Uses, "actions/checkout") {
			t.Error("comment.yml has a checkout")
		}
		// To Markdown, "\r" ends a line: what is behind it would be no part of the code block.
		if strings.Contains(s.Run, "sed") && !strings.Contains(s.Run, `tr -d '\r'`) {
			t.Error("comment.yml: a file name or the table can end the code block")
		}
	}
}

func TestLog(t *testing.T) {
	const event = `{"event":"withdrawn","run":"0123456789abcdef","user":"bo","reason":"x"}`
	for _, tc := range []struct{ text, want string }{
		{"", ""},
		{event + "\n" + event + "\n", ""},
		{event, "log.jsonl:1: want an event (added, corrected, withdrawn) of a run in one line: the line has no end"},
		{event + "\n" + event + event + "\n", "log.jsonl:2: want an event (added, corrected, withdrawn) of a run in one line: more than one value"},
		{event + "\n\n", "EOF"},
		{strings.Replace(event, "withdrawn", "gone", 1) + "\n", `event "gone": unknown`},
		{strings.Replace(event, "01", "", 1) + "\n", `run "23456789abcdef": want the id of a run`},
		{strings.Replace(event, "bo", "../x", 1) + "\n", `user "../x": not a name of a user`},
		{strings.Replace(event, "reason", "why", 1) + "\n", `unknown field "why"`},
	} {
		list, err := parseLog([]byte(tc.text))
		if tc.want == "" && (err != nil || len(list) != strings.Count(tc.text, "\n")) || tc.want != "" && (err == nil || !strings.HasSuffix(err.Error(), tc.want)) {
			t.Errorf("%q: %v, %v, want %q", tc.text, list, err, tc.want)
		}
	}
}

// TestReadFile: neither a link nor a folder is read.
func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	err := errors.Join(os.WriteFile(filepath.Join(dir, "a"), []byte("x"), 0o600), os.Symlink("a", filepath.Join(dir, "b")), os.Mkdir(filepath.Join(dir, "c"), 0o700))
	if err != nil {
		t.Fatal(err)
	}
	folder, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	if text, err := readFile(folder, "a"); err != nil || string(text) != "x" {
		t.Errorf("a file: %q, %v", text, err)
	}
	for _, name := range []string{"b", "c"} {
		if text, err := readFile(folder, name); !errors.Is(err, errNoFile) {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
}

func TestModelFile(t *testing.T) {
	open := true
	m := bundles.Model{Name: "ollama/x", About: bundles.About{Organisation: "A \"B\" \\ \x01\n", OpenWeights: &open, Training: []string{"a", "b"}}}
	want := "name = \"ollama/x\"\norganisation = \"A \\\"B\\\" \\\\ \\u0001\\u000A\"\nopen_weights = true\ntraining = [\"a\", \"b\"]\n"
	if got := string(modelFile(m)); got != want {
		t.Errorf("model file is\n%s\nwant\n%s", got, want)
	}
	for text, want := range map[string]string{"</script>": "script", "../../x": "x", "…": "none", "Tessel Labs": "tessel-labs"} {
		if got := slug(text, "none"); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
