package repository

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nerbench/bundles"
)

// TestLie: a submitter signs answers that do not have the counts. The check names the
// first passage.
func TestLie(t *testing.T) {
	b, dir := board(t)
	file := lying(t, bundle(t, b, 2, nil, "sample-law"), key(t, 2), 3)
	if _, err := Add(t.Context(), AddRequest{Dir: dir, File: file, User: "bo"}); err != nil {
		t.Fatal(err)
	}
	v, err := Verify(t.Context(), b, dir, "HEAD", Blobs{})
	faults := strings.Join(v.Faults, "\n")
	want := `.json: span_f1: passage 3, document "sample-law/test/3": tp 0, predicted 0, gold 3, claimed tp 3, predicted 3, gold 3`
	if err == nil || !strings.Contains(faults, want) || strings.Contains(faults, "nerbench-board-") {
		t.Errorf("faults %s, %v", faults, err)
	}
}

// lying writes a bundle of one run again, with empty answers for one passage, signed by
// a key.
func lying(t testing.TB, file string, k *bundles.Key, place int) string {
	t.Helper()
	honest, err := bundles.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	defer honest.Close()
	writer, err := bundles.NewWriter()
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	run := &honest.Manifest.Runs[0]
	var lines []*bundles.Passage
	for p, err := range honest.Passages(run) {
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, p)
	}
	for i := range lines[place].Answers {
		lines[place].Answers[i].Text = `{"spans":[]}`
	}
	run.Answers.Bytes = 0
	answers, err := writer.Begin(run)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range lines {
		if err := answers.Add(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := answers.End(); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "lie.nbz")
	f, err := os.Create(out)
	if err != nil {
		t.Fatal(err)
	}
	sign := func(sums []byte) ([]byte, error) { return k.Sign(sums, bundles.Namespace) }
	if err := errors.Join(writer.WriteTo(f, honest.Manifest, sign), f.Close()); err != nil {
		t.Fatal(err)
	}
	return out
}
