package ner_test

import (
	"testing"

	"nerbench/ner"
)

func TestDidYouMean(t *testing.T) {
	known := []string{"model", "family", "family_hash", "mit-movie", "crossner-ai", "crossner-law", "Span_F1", "as", "--limit"}
	for _, tc := range []struct{ name, typed, want string }{
		{"one letter more", "modell", `; did you mean "model"?`},
		{"one letter less", "famly", `; did you mean "family"?`},
		{"letters swapped", "crossner-ia", `; did you mean "crossner-ai"?`},
		{"other case", "span_f1", `; did you mean "Span_F1"?`},
		{"a part of a name", "movie", `; did you mean "mit-movie"?`},
		{"a name and more", "model_name", `; did you mean "model"?`},
		{"the same corpus", "crossner-biology", `; did you mean "crossner-ai" or "crossner-law"?`},
		{"without its separator", "crossnerlaw2", `; did you mean "crossner-law"?`},
		{"a flag", "--limt", `; did you mean "--limit"?`},
		{"nothing similar", "nosuch", ""},
		{"a letter", "x", ""},
		{"empty", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := ner.DidYouMean(tc.typed, known); got != tc.want {
				t.Errorf("DidYouMean(%q) = %q, want %q", tc.typed, got, tc.want)
			}
		})
	}
}

func TestChoices(t *testing.T) {
	for name, want := range map[ner.Split]string{"tset": `; did you mean "test"?`, "x": " (known: train, test)"} {
		if got := ner.Choices(name, []ner.Split{ner.Train, ner.Test}); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
