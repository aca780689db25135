package files

import (
	"context"
	"fmt"
	"io"

	"nerbench/harness/compare"
	"nerbench/harness/loop"
	"nerbench/internal/fault"
	"nerbench/internal/parallel"
	"nerbench/metrics"
)

// PredictionPair is two files of predictions, of systems A and B, for the same
// documents.
type PredictionPair struct {
	Gold, A, B File
	// Reading is that of both files.
	Reading
	// Parsing is as for [Predictions].
	Parsing Parsing
	// Partial skips documents without a prediction in both files, and counts them as
	// missing. Otherwise they are a [fault.PartialError].
	Partial bool
}

// CompareOptions are the options to compare two files.
type CompareOptions struct {
	Metric string // its id, with options
	By     metrics.By
	Train  File // as for [Options]
	// Dataset is the name of the outcome. Seed is the seed of its random numbers.
	Dataset string
	Seed    uint64
}

// Compare counts the passages of both systems. missing is the number of documents
// without a prediction in both files.
func (p PredictionPair) Compare(ctx context.Context, o CompareOptions) (dataset *compare.Dataset, missing int, err error) {
	if err := checkParsing(p.Parsing); err != nil {
		return nil, 0, err
	}
	if _, _, err := metrics.ParseID(o.Metric); err != nil {
		return nil, 0, fault.Usagef("%v", err)
	}
	plan, err := newPlan(Options{Metrics: []string{o.Metric}, By: o.By, Train: o.Train}, p.Parsing, "uniner", nil, metricIDs(nil))
	if err != nil {
		return nil, 0, err
	}
	if err := plan.readTrain(trainDocuments); err != nil {
		return nil, 0, err
	}
	first, err := p.Reading.recognize(p.A)
	if err != nil {
		return nil, 0, err
	}
	second, err := p.Reading.recognize(p.B)
	if err != nil {
		return nil, 0, err
	}
	if p.Parsing, err = plan.withFormats(p.Parsing, nil, first, second); err != nil {
		return nil, 0, err
	}
	dataset = &compare.Dataset{
		Name: o.Dataset, Metric: plan.metrics[0].metric, Seed: o.Seed, Buckets: compare.NewBuckets(o.By.Attributes, plan.train),
		WithoutTypes: !o.By.Types && len(o.By.Attributes) == 0,
	}
	join := &joiner{partial: p.Partial}
	input := newPredictionInput(p.Parsing.Types)
	err = p.Gold.Read(func(gold io.Reader) error {
		return first.Read(func(a io.Reader) error {
			return second.Read(func(b io.Reader) error {
				first.In, second.In = a, b
				stream := join.joined(goldDocuments(p.Gold, gold, plan.needsSpans()), first, second)
				work := func(block []joinedDocument) ([]bothSides, error) { return compareBlock(plan, input, block) }
				for sides, err := range parallel.Map(ctx, parallel.Blocks(stream, 256), parallel.OnAllProcessors(work)) {
					if err != nil {
						return err
					}
					addBlock(dataset, sides)
				}
				return nil
			})
		})
	})
	if err != nil {
		return nil, 0, err
	}
	if len(dataset.A) == 0 {
		return nil, 0, fmt.Errorf("%s: no documents: nothing to compare", p.Gold.Name)
	}
	dataset.Passages = join.found + join.missing
	return dataset, join.missing, nil
}

// bothSides is one document of two files of predictions.
type bothSides struct {
	a, b    compare.Passage
	buckets []compare.Buckets
}

// addBlock adds documents and their buckets.
func addBlock(dataset *compare.Dataset, sides []bothSides) {
	for _, both := range sides {
		dataset.Add(both.a, both.b)
		for i, part := range both.buckets {
			dataset.Buckets[i].A.Merge(part.A)
			dataset.Buckets[i].B.Merge(part.B)
		}
	}
}

func compareBlock(plan *evalPlan, input predictionInput, block []joinedDocument) ([]bothSides, error) {
	var out []bothSides
	m := plan.metrics[0].metric
	for _, p := range block {
		both := bothSides{buckets: compare.NewBuckets(plan.By.Attributes, plan.train)}
		for i, side := range []*compare.Passage{&both.a, &both.b} {
			parsed, err := input.parse(documentPrediction{p.document, p.given[i]}, plan.parsings[0])
			if err != nil {
				return nil, fmt.Errorf("document %q: %w", p.document.ID, err)
			}
			*side = compare.NewPassage(m, p.document.ID, &parsed.Passage)
			for k := range both.buckets {
				b := []*metrics.Bucketing{both.buckets[k].A, both.buckets[k].B}[i]
				b.Add(&parsed.Passage, loop.Words(p.document))
			}
		}
		out = append(out, both)
	}
	return out, nil
}
