package repository

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nerbench/harness"
	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/results"
	"nerbench/submissions"
)

// built is what data/board.json of a site says about runs.
type built struct {
	Cells struct {
		Run    []string
		Tier   []string
		Scores map[string]struct {
			F1 []float64
		}
	}
}

func build(t testing.TB, b *harness.Bench, dir string, skip bool) (Built, built, error) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "site")
	done, err := Build(t.Context(), b, BuildRequest{Dir: dir, Out: out, Skip: skip})
	var data built
	if done.Files > 0 {
		text, err := os.ReadFile(filepath.Join(out, "data", "board.json"))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &data); err != nil {
			t.Fatal(err)
		}
	} else if _, err := os.Stat(out); err == nil {
		t.Error("a site was written with an error")
	}
	return done, data, err
}

// TestBuild: the numbers are those of the store that the runs come from; a lie stops the
// build, unless the run is skipped or withdrawn.
func TestBuild(t *testing.T) {
	b, dir := board(t)
	done, data, err := build(t, b, dir, false)
	if err != nil || done.Runs != 2 || done.Models != 1 || done.Withdrawn+len(done.Skipped) > 0 {
		t.Fatalf("built %+v, %v", done, err)
	}
	store, err := b.ReadStore(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	for metric, scores := range data.Cells.Scores {
		for i, id := range data.Cells.Run {
			run, err := store.Find(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			_, _, f1 := harness.Ratios(metric, run.Scores.Metrics[metric].Total)
			if f1 == nil || scores.F1[i]-*f1 > 1e-6 || *f1-scores.F1[i] > 1e-6 {
				t.Errorf("run %s: %s %v, in its store %v", id, metric, scores.F1[i], f1)
			}
		}
	}
	if want := []string{"self-reported", "self-reported"}; !slices.Equal(data.Cells.Tier, want) {
		t.Errorf("tiers %q, want %q", data.Cells.Tier, want)
	}

	names, err := filepath.Glob(filepath.Join(dir, "submissions/*/*/*.json"))
	if err != nil || len(names) != 2 {
		t.Fatalf("%v, %v", names, err)
	}
	_, blob, _ := strings.Cut(read(t, names[0]), `"blob": "`)
	blob, _, _ = strings.Cut(blob, `"`)
	appendTo(t, filepath.Join(dir, "blobs", blob+".zst"), "x")
	name, err := filepath.Rel(dir, names[0])
	if err != nil {
		t.Fatal(err)
	}
	name = filepath.ToSlash(name)
	run := strings.TrimSuffix(filepath.Base(name), ".json")
	if _, _, err := build(t, b, dir, false); err == nil || !strings.Contains(err.Error(), "1 fault: "+name) {
		t.Errorf("other answers: %v", err)
	}
	done, data, err = build(t, b, dir, true)
	if !errors.As(err, new(*fault.PartialError)) || done.Runs != 1 || len(done.Skipped) != 1 || slices.Contains(data.Cells.Run, run) {
		t.Errorf("skipped: %+v, %v", done, err)
	}
	appendTo(t, filepath.Join(dir, logName), `{"event":"withdrawn","run":"`+run+`","user":"mira","reason":"wrong file"}`+"\n")
	done, data, err = build(t, b, dir, false)
	if err != nil || done.Runs != 1 || done.Withdrawn != 1 || slices.Contains(data.Cells.Run, run) {
		t.Errorf("withdrawn: %+v, %v", done, err)
	}
}

func read(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// attest writes the record of a user about a run.
func attest(t testing.TB, b *harness.Bench, dir, run, user string, seed byte, spot int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "run.nbz")
	if err := Export(t.Context(), dir, run, file, Blobs{}); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "attestations", run, user+".json")
	if err := os.MkdirAll(filepath.Dir(out), 0o700); err != nil {
		t.Fatal(err)
	}
	_, _, err := submissions.Attest(t.Context(), b, submissions.AttestRequest{
		File: file, Spot: spot, Request: harness.Request{Plan: ner.Plan{Model: "tagger"}}, Key: key(t, seed), Out: out,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, keyPath(user)), []byte(key(t, seed).Signer().Key+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestTiers: who asks again gives a tier, unless it is the submitter, by name or by key.
func TestTiers(t *testing.T) {
	b, dir := board(t)
	whole, err := Verify(t.Context(), b, dir, "", Blobs{})
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]string{} // dataset -> run
	for _, r := range whole.Runs {
		ids[r.Dataset] = r.ID
	}
	law, stem := ids["sample-law"], ids["sample-stem"]
	tiers := func() map[string]string {
		_, data, err := build(t, b, dir, false)
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]string{}
		for i, id := range data.Cells.Run {
			out[id] = data.Cells.Tier[i]
		}
		return out
	}
	attest(t, b, dir, law, "mira", 1, 12) // the submitter
	attest(t, b, dir, stem, "eve", 1, 12) // another name with the submitter's key
	if got, want := tiers(), map[string]string{law: "self-reported", stem: "self-reported"}; !maps.Equal(got, want) {
		t.Errorf("tiers %v, want %v", got, want)
	}
	attest(t, b, dir, law, "bo", 2, 12)
	attest(t, b, dir, stem, "bo", 2, 3)
	if got, want := tiers(), map[string]string{law: "reproduced", stem: "spot-checked"}; !maps.Equal(got, want) {
		t.Errorf("tiers %v, want %v", got, want)
	}
}

func TestCheckOut(t *testing.T) {
	for out, ok := range map[string]bool{"board": false, "board/site": false, "board/cache": false, "board/cache/site": true, "site": true, "boards": true, "../x": true, ".": true} {
		if err := checkOut("board", out); (err == nil) != ok {
			t.Errorf("%s: %v", out, err)
		}
	}
}

// TestSkipped: a run with any fault is left out, also one that is about its place or its
// model.
func TestSkipped(t *testing.T) {
	b, dir := board(t)
	names, err := filepath.Glob(filepath.Join(dir, "submissions/*/*/*.json"))
	if err != nil || len(names) != 2 {
		t.Fatalf("%v, %v", names, err)
	}
	copied := filepath.Join(dir, "submissions", "other__model", "by-name", filepath.Base(names[0]))
	if err := errors.Join(os.MkdirAll(filepath.Dir(copied), 0o700), os.WriteFile(copied, []byte(read(t, names[0])), 0o600)); err != nil {
		t.Fatal(err)
	}
	if got, err := Verify(t.Context(), b, dir, "", Blobs{}); err == nil || !strings.Contains(strings.Join(got.Faults, "\n"), "is the same run") {
		t.Errorf("the same run twice: %v, %q", err, got.Faults)
	}
	if err := os.Rename(copied, filepath.Join(filepath.Dir(copied), "0123456789abcdef.json")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(names[0]); err != nil {
		t.Fatal(err)
	}
	if done, _, err := build(t, b, dir, true); !errors.As(err, new(*fault.PartialError)) || done.Runs != 1 {
		t.Errorf("a run in another place: %+v, %v", done, err)
	}
	git(t, dir, "checkout", "-q", ".")
	git(t, dir, "clean", "-q", "-f", "-d")
	models, err := filepath.Glob(filepath.Join(dir, "models/*/model.toml"))
	if err != nil || len(models) != 1 {
		t.Fatalf("%v, %v", models, err)
	}
	for line, want := range map[string]string{"nosuch = 1": "nosuch", `url = "javascript:alert(1)"`: "want an address"} {
		git(t, dir, "checkout", "-q", ".")
		appendTo(t, models[0], line+"\n")
		done, _, err := build(t, b, dir, true)
		if !errors.As(err, new(*fault.PartialError)) || done.Runs != 0 || len(done.Skipped) != 2 || !strings.Contains(done.Skipped[1], want) {
			t.Errorf("%s: %+v, %v", line, done, err)
		}
	}
}

// TestStoreFails: what cannot be written is an error of the build, also if later runs can be
// written.
func TestStoreFails(t *testing.T) {
	store, err := results.Open(t.Context(), filepath.Join(t.TempDir(), "results.db"), results.Temporary)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	m := builder{store: store, verifier: &verifier{ctx: t.Context()}}
	twice := results.Summary{Run: ner.Run{Keys: map[string]string{"model": "m", "dataset": "d"}}, Passages: 1}
	m.summaries = []results.Summary{twice, twice}
	m.flush()
	first := m.failed
	m.flush()
	if first == nil || m.failed != first || len(m.summaries) > 0 {
		t.Errorf("error is %v, then %v; %d summaries are left", first, m.failed, len(m.summaries))
	}
}
