package main

import (
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"nerbench/datasets"
	"nerbench/harness"
	"nerbench/internal/reference"
	"nerbench/internal/tinymodel"
	"nerbench/loaders"
	"nerbench/ner"
)

// TestModelsInTheProcess asks the two kinds of models that need neither server nor
// library about a dataset of native files: the tagger, and a token classifier that knows
// the words of the train split by the label that each has most often.
func TestModelsInTheProcess(t *testing.T) {
	data := reference.Path(t, "data")
	w := &workplace{t: t, dir: t.TempDir()}
	const dataset, limit = "crossner-politics", 50
	if err := learnWords(t, data, dataset).WriteFolder(filepath.Join(w.dir, "classifier")); err != nil {
		t.Fatal(err)
	}
	for _, model := range []string{"tagger", "onnx/classifier"} {
		t.Run(model, func(t *testing.T) {
			w.t = t
			asking := []string{"run", "-m", model, "-d", dataset, "--limit", strconv.Itoa(limit), "-q", "--json", "--data", data, "--datasets", ""}
			report := w.report(asking...)
			score := report.Scores["span_f1"]
			if report.Complete != limit || score.TP == 0 || score.NGold == 0 {
				t.Errorf("report is %+v", report)
			}
			if again := w.report(asking...); again.Asked != 0 || again.Run != report.Run {
				t.Errorf("asked again: %+v", again)
			}
			t.Logf("tp %g, predicted %d, gold %d", score.TP, score.NPred, score.NGold)
		})
	}
}

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
