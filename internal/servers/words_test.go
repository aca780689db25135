//go:build unix

package servers

import (
	"regexp"
	"slices"
	"testing"

	"nerbench/datasets"
	"nerbench/harness"
	"nerbench/internal/tinymodel"
	"nerbench/loaders"
	"nerbench/ner"
)

// plainWord is one that a tokenizer of BERT leaves whole.
var plainWord = regexp.MustCompile(`^[A-Za-z]+$`)

// learnWords makes a classifier of the words of a dataset's train split.
func learnWords(t *testing.T, data, id string) tinymodel.Classifier {
	t.Helper()
	bench := &harness.Bench{Data: data}
	dataset, err := bench.FindDataset(id)
	if err != nil {
		t.Fatal(err)
	}
	docs, err := bench.Documents(t.Context(), dataset, loaders.Options{Split: ner.Train, Gold: datasets.NativeGold})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]map[string]int{} // word, label
	classifier := tinymodel.Classifier{Labels: []string{"O"}, Tokens: map[string]string{}, Positions: 128}
	for d, err := range docs {
		if err != nil {
			t.Fatal(err)
		}
		for _, token := range d.Tokens {
			word, label := d.Text[token.Start:token.End], "O"
			for _, s := range d.Spans {
				if s.Start <= token.Start && token.End <= s.End {
					if label = "B-" + string(s.Type); s.Start < token.Start {
						label = "I-" + string(s.Type)
					}
				}
			}
			if !plainWord.MatchString(word) {
				continue
			}
			if seen[word] == nil {
				seen[word], classifier.Order = map[string]int{}, append(classifier.Order, word)
			}
			seen[word][label]++
			if !slices.Contains(classifier.Labels, label) {
				classifier.Labels = append(classifier.Labels, label)
			}
		}
	}
	for _, word := range classifier.Order {
		best := "O"
		for _, label := range classifier.Labels { // in order: ties are the first one's
			if seen[word][label] > seen[word][best] {
				best = label
			}
		}
		classifier.Tokens[word] = best
	}
	return classifier
}
