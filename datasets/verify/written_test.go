package verify

import (
	"testing"

	"nerbench/ner"
)

func TestWritten(t *testing.T) {
	for surface, want := range map[string]string{
		"p53 - dependent gene":          "p53-dependent gene",
		"IL - 2 ( alpha ) chain":        "IL-2 (alpha) chain",
		"1 , 2 - dichloroethane":        "1, 2-dichloroethane",
		"Alzheimer ' s disease":         "Alzheimer's disease",
		"Alzheimer 's disease":          "Alzheimer's disease",
		"does n't":                      "doesn't",
		"-LRB- Oslo -RRB-":              "(Oslo)",
		"`` Blue Note ''":               "\" Blue Note \"",
		"the “Blue Note”":               "the \"Blue Note\"",
		"Ni–Fe":                         "Ni-Fe",
		"Mün\u00adchen":                 "München",
		"$ 5 , 000 . 20 %":              "$5, 000. 20%",
		"New   York":                    "New York",
		"plain":                         "plain",
		"GM - CSF / IL - 3 - receptors": "GM-CSF/IL-3-receptors",
	} {
		if got := written(surface); got != want {
			t.Errorf("written(%q) = %q, want %q", surface, got, want)
		}
	}
}

// A perfect answer as models write it is found by the fourth tier only.
func TestWrittenCeilings(t *testing.T) {
	text := "the p53 - dependent gene and Oslo"
	d := &ner.Document{Text: text, Spans: []ner.Span{{Start: 4, End: 24, Type: "gene"}, {Start: 29, End: 33, Type: "city"}}}
	for i := 0; i < len(text); i++ {
		if end := i; text[i] != ' ' {
			for end < len(text) && text[end] != ' ' {
				end++
			}
			d.Tokens = append(d.Tokens, ner.Range{Start: i, End: end})
			i = end
		}
	}
	w := writtenCeilings{ceilings{}}
	w.add(d)
	w.add(&ner.Document{Text: "no entity"})
	got := w.values()
	if got.Default == nil || got.Tiers4 == nil || *got.Default != 0.5 || *got.Tiers4 != 1 {
		t.Errorf("%s with three tiers, %s with four; want 50.00 and 100.00", CeilingText(got.Default), CeilingText(got.Tiers4))
	}
}
