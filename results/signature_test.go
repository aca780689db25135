package results

import (
	"reflect"
	"strings"
	"testing"

	"nerbench/ner"
)

// someRun is a run whose values have all characters that a signature encodes.
func someRun() RunInfo {
	return RunInfo{
		Passages: 5, Keys: map[string]string{"model": "ollama/x|y", "dataset": "mit-movie", "stop": "[\"100%\",\"a b\\n\"]", "server": "café", "seed": ""},
		Scores: Scores{Passages: 4, Metrics: map[string]MetricScore{
			"span_f1":                 {Total: ner.Score{TP: 1, NPred: 2, NGold: 30}, Reader: "ladder/1", Version: "2"},
			"span_f1[reader=lenient]": {},
		}},
	}
}

const someSignature = `nerbench|metric:span_f1|counts:1/2/30|passages:4/5|readers:ladder/1|metrics:2|` +
	`model:ollama/x%7Cy|server:café|dataset:mit-movie|stop:["100%25","a%20b\n"]`

func TestSignatures(t *testing.T) {
	want := map[string]string{
		"span_f1": someSignature,
		"span_f1[reader=lenient]": strings.NewReplacer("metric:span_f1", "metric:span_f1[reader=lenient]", "counts:1/2/30", "counts:0/0/0",
			"readers:ladder/1|metrics:2", "readers:|metrics:").Replace(someSignature),
	}
	if got := someRun().Signatures(); !reflect.DeepEqual(got, want) {
		t.Errorf("signatures\n%q\nwant\n%q", got, want)
	}
}

func TestParseSignature(t *testing.T) {
	run := someRun()
	for id, text := range run.Signatures() {
		got, err := ParseSignature(text)
		if !IsSignature(text) || err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		want := run.Signature(id)
		if got.String() != text || (ner.Run{Keys: got.Keys}).ID() != (ner.Run{Keys: want.Keys}).ID() {
			t.Errorf("%q was parsed as %+v", text, got)
		}
		got.Keys = want.Keys // except the empty one
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q was parsed as %+v, want %+v", text, got, want)
		}
	}
	if IsSignature("fb41f3f1131b9c6c") {
		t.Error("an id is a signature")
	}
	for name, tc := range map[string]struct{ old, new, want string }{
		"twice":       {"metrics:2", "metrics:2|metrics:2", `field "metrics:2": want name:value, each name once`},
		"no value":    {"metrics:2", "metrics", `field "metrics": want name:value`},
		"escape":      {"metrics:2", "metrics:%2", `field "metrics:%2": want name:value`},
		"missing":     {"|readers:ladder/1", "", `field "readers" is missing`},
		"count":       {"counts:1/2/30", "counts:1/-2/30", `counts:1/-2/30: "-2" is not a count`},
		"numbers":     {"passages:4/5", "passages:4", `passages:4: want 2 numbers`},
		"unknown key": {"model:", "modell:", `key "modell": unknown; did you mean "model"?`},
		"renamed key": {"dataset:", "row:", `key "row": renamed to "dataset"`},
		"of a file":   {"model:", "input:", "it was written by eval"},
	} {
		text := strings.Replace(someSignature, tc.old, tc.new, 1)
		if _, err := ParseSignature(text); err == nil || !strings.HasPrefix(err.Error(), "signature: "+tc.want) {
			t.Errorf("%s: error %v, want %q", name, err, tc.want)
		}
	}
}

// TestSignaturesHaveNoAddress: the addresses of servers are replaced by a mark, which is
// the same in what was parsed, so that the run is found again.
func TestSignaturesHaveNoAddress(t *testing.T) {
	run, other := someRun(), someRun()
	run.Keys["address"], other.Keys["address"] = "http://gpu.example:8000", "http://gpu.example:8001"
	text := run.Signatures()["span_f1"]
	if strings.Contains(text, "gpu.example") || !strings.Contains(text, "|address:sha256:") || run.Keys["address"] != "http://gpu.example:8000" {
		t.Errorf("signature is %s, key is %s", text, run.Keys["address"])
	}
	s, err := ParseSignature(text)
	if err != nil || s.String() != text {
		t.Errorf("parsed %+v, %v", s, err)
	}
	if !run.Signed(s) || !run.Signed(run.Signature("span_f1")) || other.Signed(s) || someRun().Signed(s) {
		t.Error("the signature belongs to another run")
	}
}
