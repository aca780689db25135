package texts_test

import (
	"errors"
	"strings"
	"testing"

	"nerbench/bundles"
	"nerbench/harness/texts"
	"nerbench/submissions"
	"nerbench/submissions/repository"
)

// TestWriteBundle: names and reasons of a bundle cannot disturb a terminal.
func TestWriteBundle(t *testing.T) {
	f1 := 0.5
	hostile := "m\x1b[2J\nx"
	report := submissions.Report{File: "a.nbz", Tool: hostile, Model: bundles.Model{Name: hostile}, Runs: []submissions.RunReport{{
		ID: "00aa", Dataset: hostile, Passages: 8, Data: submissions.DataOther, Unchecked: hostile,
		Metrics: []submissions.MetricReport{{ID: "span_f1", Verdict: submissions.Differs, F1: &f1, Why: hostile}, {ID: "cnn_f1", Verdict: submissions.Claimed}},
	}}}
	checked := submissions.Checked{
		Report: report,
		Attestations: []submissions.Attested{{
			Attestation: submissions.Attestation{Model: hostile, Spot: 4, Equal: 3, Metric: "span_f1", F1Now: &f1, P: 0.25},
			Signer:      &bundles.Signer{Fingerprint: "SHA256:x"},
		}},
		Audit: &submissions.AuditReport{Left: []string{hostile}, Runs: []submissions.AuditRun{{
			ID: "00aa", Dataset: hostile,
			Copies: []submissions.Copy{{File: "b.nbz", Model: hostile, Equal: 30, Passages: 30, Suspicious: true}},
			Gold:   &submissions.ContestedGold{Others: 2, Hits: 1, Contested: 9},
		}}},
	}
	var b strings.Builder
	texts.WriteBundle(&b, &checked)
	for _, want := range []string{
		"not signed", "on another release than the recorded one", "differs     50.00  span_f1: ", "claimed         –  cnn_f1\n", "3 of 4 passages", "signed by SHA256:x",
		"– in the bundle, 50.00 now, p = 0.250", "): suspicious\n", "has 1 of 9 gold entities that most of 2 others contradict\n", "left out: ",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "\x1b") || strings.Contains(b.String(), "\nx") {
		t.Errorf("a text from outside is printed as it is: %q", b.String())
	}
}

// noSpace is a full disk.
type noSpace struct{}

func (noSpace) Write([]byte) (int, error) { return 0, errors.New("no space") }

// TestWriteRepository: the lines of a repository, the differences with their sign.
func TestWriteRepository(t *testing.T) {
	f1 := 0.5
	v := repository.Verified{
		Runs:        map[string]submissions.RunReport{"runs/a.json": {Dataset: "pets", Metrics: []submissions.MetricReport{{ID: "span_f1", F1: &f1, Verdict: submissions.Verified}}}},
		Differences: []repository.Difference{{File: "runs/a.json", Dataset: "pets", Metric: "span_f1", F1: 0.5, Model: "tagger", ReferenceF1: 0.25}},
		Read:        []string{"board.toml"}, Faults: []string{"x: bad"}, Unchecked: []string{"runs/b.json"}, Files: 3,
	}
	var b strings.Builder
	if err := texts.WriteRepository(&b, &v); err != nil {
		t.Fatal(err)
	}
	want := `runs/a.json: pets: span_f1 50.00 verified
difference: runs/a.json: pets: span_f1 50.00, +25.00 against tagger (25.00)
read: board.toml: it was changed, and a person must judge how
wrong: x: bad
not scored again: runs/b.json: the data or the answers are missing
3 files, 1 run scored again, 1 fault
`
	if b.String() != want {
		t.Errorf("%s\nwant\n%s", b.String(), want)
	}
	if texts.WriteRepository(noSpace{}, &v) == nil || texts.WriteBuilt(noSpace{}, &repository.Built{}) == nil || texts.WriteAdded(noSpace{}, &repository.Added{}) == nil {
		t.Error("no error of a full disk")
	}
}
