package signature_test

import (
	"testing"

	"nerbench/internal/signature"
	"nerbench/ner"
)

func TestLine(t *testing.T) {
	got := signature.Line(signature.Head{
		Metric: "span_f1[align=first]", Counts: ner.Score{TP: 1, NPred: 2, NGold: 3}, Complete: 4, Passages: 5, Parsers: "6", Metrics: "7",
	}, signature.Field{Name: "model", Value: "a b|c%d\ne"})
	want := "nerbench|metric:span_f1[align=first]|counts:1/2/3|passages:4/5|readers:6|metrics:7|model:a%20b%7Cc%25d%0Ae"
	if got != want {
		t.Errorf("signature is %s, want %s", got, want)
	}
}
