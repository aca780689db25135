package sample_test

import (
	"slices"
	"testing"

	"nerbench/datasets"
	"nerbench/datasets/sample"
)

// TestCorpus checks the sample: enough passages, types of the benchmark's datasets,
// spans of whole tokens, no passage in both splits.
func TestCorpus(t *testing.T) {
	ds, err := datasets.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	for _, domain := range datasets.Domains {
		var known []string
		for _, r := range ds {
			for _, typ := range r.Types() {
				if r.Domain == domain {
					known = append(known, string(typ))
				}
			}
		}
		seen := map[string]bool{}
		for _, split := range []string{"train", "test"} {
			t.Run(domain+"/"+split, func(t *testing.T) {
				passages, err := sample.Read(domain, split)
				if err != nil {
					t.Fatal(err)
				}
				if len(passages) < 12 {
					t.Errorf("%d passages, want at least 12", len(passages))
				}
				for i, p := range passages {
					if seen[p.Text] {
						t.Errorf("passage %d: %q occurs twice", i, p.Text)
					}
					seen[p.Text] = true
					for _, s := range p.Spans {
						if !slices.Contains(known, s.Type) {
							t.Errorf("passage %d: no dataset of the domain has the type %q", i, s.Type)
						}
						starts := slices.ContainsFunc(p.Tokens, func(tok [2]int) bool { return tok[0] == s.Start })
						ends := slices.ContainsFunc(p.Tokens, func(tok [2]int) bool { return tok[1] == s.End })
						if !starts || !ends {
							t.Errorf("passage %d: %q does not consist of whole tokens", i, p.Text[s.Start:s.End])
						}
					}
				}
			})
		}
	}
}

func TestReadRefuses(t *testing.T) {
	if _, err := sample.Read("cooking", "test"); err == nil {
		t.Error("an unknown domain is read")
	}
}
