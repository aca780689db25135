package harness

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"

	"nerbench/datasets"
	"nerbench/datasets/acquire"
	"nerbench/harness/loop"
	"nerbench/internal/reference"
	"nerbench/loaders"
	"nerbench/ner"
	"nerbench/prompts"
)

// unsayable has the limits of the answer forms of families (docs/spec/prompts.md §4, §7).
// Gold spans that a form cannot express are left out.
var unsayable = map[string]func(d *ner.Document, asked []ner.Span) bool{
	"ye2023":      func(d *ner.Document, asked []ner.Span) bool { return hasMention(d, asked, ",|") },
	"instructuie": func(d *ner.Document, asked []ner.Span) bool { return hasMention(d, asked, ";") },
	"b2ner":       func(d *ner.Document, asked []ner.Span) bool { return hasMention(d, asked, ";") },
	"gner":        func(d *ner.Document, asked []ner.Span) bool { return shareWords(d, asked) || oddWord(d) },
	"gpt_ner":     func(d *ner.Document, asked []ner.Span) bool { return overlap(asked) || hasMention(d, asked, "@#") },
	"inline_xml":  func(_ *ner.Document, asked []ner.Span) bool { return cross(asked) },
}

// hasMention reports whether a mention has one of some characters, or is a word that
// stands for no mention.
func hasMention(d *ner.Document, asked []ner.Span, chars string) bool {
	return slices.ContainsFunc(asked, func(s ner.Span) bool {
		none := []string{"none", "n/a", "na", "nil", "null", "nothing", "empty"}
		text := d.Surface(s)
		return strings.ContainsAny(text, chars) || slices.Contains(none, strings.ToLower(strings.Trim(text, " .\"'`*")))
	})
}

// shareWords reports whether two mentions share a word, because a word has only one
// label. A mention that ends inside a word is labelled with the whole word.
func shareWords(d *ner.Document, asked []ner.Span) bool {
	words := d.Words()
	taken := make([]bool, len(words))
	for _, s := range asked {
		for i, w := range words {
			if w.Start >= s.End || s.Start >= w.End {
				continue
			}
			if taken[i] || w.Start < s.Start || w.End > s.End {
				return true
			}
			taken[i] = true
		}
	}
	return false
}

// oddWord reports whether a token contains white space.
func oddWord(d *ner.Document) bool {
	return slices.ContainsFunc(d.Words(), func(w ner.Range) bool { return strings.ContainsFunc(d.Text[w.Start:w.End], unicode.IsSpace) })
}

func overlap(asked []ner.Span) bool {
	for i, a := range asked {
		for _, b := range asked[i+1:] {
			if a.Start < b.End && b.Start < a.End {
				return true
			}
		}
	}
	return false
}

func cross(asked []ner.Span) bool {
	for _, a := range asked {
		for _, b := range asked {
			if a.Start < b.Start && b.Start < a.End && a.End < b.End {
				return true
			}
		}
	}
	return false
}

// TestGoldInGrammars writes gold as the answer of every family, parses the answer, and
// compares the result with gold (docs/spec/metrics.md §13.1): on the sample, and on the
// first documents of every dataset whose files the reference has.
func TestGoldInGrammars(t *testing.T) {
	b := &Bench{Data: reference.Path(t, "data")}
	ds, err := b.AllDatasets()
	if err != nil {
		t.Fatal(err)
	}
	for _, dataset := range ds {
		if b.State(t.Context(), dataset) != acquire.Ready {
			continue
		}
		t.Run(dataset.ID, func(t *testing.T) {
			t.Parallel()
			var docs []*ner.Document
			loaded, _, err := loaders.Documents(t.Context(), b.dataFS(), dataset, loaders.Options{Split: ner.Test})
			if err != nil {
				t.Fatal(err)
			}
			for d, err := range loaded {
				if err != nil {
					t.Fatal(err)
				}
				if docs = append(docs, d); len(docs) == 300 {
					break
				}
			}
			for _, family := range prompts.Families {
				for _, v := range family.Variants {
					t.Run(family.Name+"/"+v.Name, func(t *testing.T) { sayGold(t, dataset, docs, family.Name, v.Name) })
				}
			}
		})
	}
}

func sayGold(t *testing.T, dataset *datasets.Dataset, docs []*ner.Document, family, variant string) {
	pr := PromptDataset(dataset)
	for i := range pr.Types { // some variants need what most datasets do not have
		pr.Types[i].Definition, pr.Types[i].Guidelines = "something", "mark it"
	}
	s := prompts.Settings{Family: family, Variant: variant, Dataset: "D"}
	if family == "gpt_ner" && variant == "few" { // it speaks of its demonstrations
		pr.Train, s.Shots = docs, "2"
	}
	r, err := prompts.New(pr, s)
	if refusal, refused := errors.AsType[*prompts.Refusal](err); refused && refusal.Code == "type_has_parenthesis" {
		t.Log(err)
		return // there is no answer in which such a type could stand
	}
	if err != nil {
		t.Fatal(err)
	}
	parser, err := loop.NewPassageParser(loop.ParseOptions{Form: r.Answers().Form, Types: typeNames(dataset, r.Words())})
	if err != nil {
		t.Fatal(err)
	}
	said, left := 0, 0
	defer func() { t.Logf("%d of %d documents have what this grammar cannot say", left, len(docs)) }()
	for _, d := range docs {
		queries, err := r.Queries(d)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range queries {
			asked := slices.DeleteFunc(slices.Clone(d.Spans), func(s ner.Span) bool { return !slices.Contains(q.Types, s.Type) })
			if cannot := unsayable[family]; cannot != nil && cannot(d, asked) {
				left++
				continue
			}
			text := r.Answer(d, q.Types)
			got, err := parser.Passage(d, []ner.Answer{{Types: q.Types, Completion: ner.Completion{Text: text, Finish: ner.FinishStop}}})
			if err != nil {
				t.Fatal(err)
			}
			want := goldMentions(d, q.Types)
			found := []ner.Mention{}
			for _, m := range got.Predictions[0].Mentions {
				if !slices.Contains(found, m.Mention) {
					found = append(found, m.Mention)
				}
			}
			slices.SortFunc(found, compareMentions)
			if o := got.Predictions[0].Outcome; !slices.Equal(found, want) || o != ner.OK && o != ner.Empty {
				t.Errorf("%s: %s (%s)\nanswer %q\nfound %v\nwant  %v", d.ID, o, got.Predictions[0].Step, text, found, want)
				if said++; said > 3 {
					t.FailNow()
				}
			}
		}
	}
}

func compareMentions(a, b ner.Mention) int {
	return strings.Compare(fmt.Sprint(a.Type, "\x00", a.Text), fmt.Sprint(b.Type, "\x00", b.Text))
}

func goldMentions(d *ner.Document, types []ner.EntityType) []ner.Mention {
	out := []ner.Mention{}
	for _, s := range d.Spans {
		m := ner.Mention{Text: strings.TrimSpace(d.Surface(s)), Type: s.Type}
		if slices.Contains(types, s.Type) && !slices.Contains(out, m) {
			out = append(out, m)
		}
	}
	slices.SortFunc(out, compareMentions)
	return out
}
