package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/urfave/cli/v2"

	"nerbench/answers"
	"nerbench/harness/loop"
	"nerbench/internal/fault"
	"nerbench/internal/parallel"
	"nerbench/metrics"
)

// bothSides is one document of two files of predictions.
type bothSides struct {
	a, b    sidePassage
	buckets []bucketPair
}

// compareFiles compares two files of predictions on the documents of a third.
func (env *environment) compareFiles(c *cli.Context, s compareSettings) (ds []*comparedDataset, incomplete int, err error) {
	names := c.StringSlice("pred")
	if !c.IsSet("gold") || len(names) != 2 {
		return nil, 0, fault.Usagef("want --gold, and --pred twice: A and B")
	}
	if inputs := append([]string{c.String("gold")}, names...); len(slices.DeleteFunc(inputs, func(n string) bool { return n != "-" })) > 1 {
		return nil, 0, fault.Usagef("only one file can be standard input")
	}
	plan, how, err := readComparePlan(c)
	if err != nil {
		return nil, 0, err
	}
	if plan.train, err = env.readTraining(plan, c.String("train"), trainDocuments); err != nil {
		return nil, 0, err
	}
	n, err := readIntervals(c)
	if err != nil {
		return nil, 0, err
	}
	dataset := newComparedDataset(c.String("row"), plan.metrics[0].metric, n.seed)
	dataset.buckets = plan.bucketPairs()
	join := &predictionJoin{gold: c.String("gold"), partial: c.Bool("partial"), spans: plan.needsSpans()}
	input := newPredictionInput(how)
	err = withInput(env, c.String("gold"), func(gold io.Reader) error {
		return withInput(env, names[0], func(a io.Reader) error {
			return withInput(env, names[1], func(b io.Reader) error {
				stream := join.joined(gold, predictionFile{names[0], a}, predictionFile{names[1], b})
				compare := func(block []documentPredictions) ([]bothSides, error) { return compareBlock(plan, input, block) }
				for sides, err := range parallel.Map(c.Context, parallel.Blocks(stream, 256), parallel.OnAllProcessors(compare)) {
					if err != nil {
						return err
					}
					dataset.addBlock(sides)
				}
				return nil
			})
		})
	})
	if err != nil {
		return nil, 0, err
	}
	if len(dataset.a) == 0 {
		return nil, 0, fmt.Errorf("%s: no documents: nothing to compare", shownName(c.String("gold")))
	}
	dataset.passages = join.found + join.missing
	if slices.Equal(c.StringSlice("by"), []string{"none"}) {
		dataset.types = nil
	}
	return []*comparedDataset{dataset}, join.missing, nil
}

// addBlock adds documents, and their buckets.
func (c *comparedDataset) addBlock(sides []bothSides) {
	for _, both := range sides {
		c.add(both.a, both.b)
		for i, part := range both.buckets {
			c.buckets[i].a.Merge(part.a)
			c.buckets[i].b.Merge(part.b)
		}
	}
}

// readComparePlan is the plan of eval for one metric.
func readComparePlan(c *cli.Context) (*evalPlan, loop.ParseOptions, error) {
	how := loop.ParseOptions{Family: c.String("family"), Variant: c.String("variant"), Types: readTypeNames(c.String("types"))}
	if !slices.Contains(answers.Families(), how.Family) {
		return nil, how, fault.Usagef("--family %s: unknown (known: %v)", how.Family, answers.Families())
	}
	p := &evalPlan{}
	if err := p.readBy(splitList(c.StringSlice("by"))); err != nil {
		return nil, how, err
	}
	id := c.String("metric")
	how = familyOf(c, how, []string{id}, false)
	if err := p.addMetric(id, how, c.IsSet("family"), metricIDs(nil)); err != nil {
		return nil, how, err
	}
	if len(p.attributes) > 0 && len(p.spanMetrics()) == 0 {
		return nil, how, fault.Usagef("--by bucket: buckets are of span_f1")
	}
	return p, how, nil
}

func (p *evalPlan) bucketPairs() []bucketPair {
	var pairs []bucketPair
	for _, a := range p.attributes {
		pairs = append(pairs, bucketPair{a, metrics.NewBucketing(a, p.train, lowerWords), metrics.NewBucketing(a, p.train, lowerWords)})
	}
	return pairs
}

func compareBlock(plan *evalPlan, input predictionInput, block []documentPredictions) ([]bothSides, error) {
	var out []bothSides
	m := plan.metrics[0].metric
	for _, p := range block {
		both := bothSides{buckets: plan.bucketPairs()}
		for i, side := range []*sidePassage{&both.a, &both.b} {
			u, err := input.understand(documentPrediction{p.document, p.given[i]}, plan.readings[0])
			if err != nil {
				return nil, fmt.Errorf("document %q: %w", p.document.ID, err)
			}
			*side = newSidePassage(m, p.document.ID, &u.Passage)
			for k := range both.buckets {
				b := []*metrics.Bucketing{both.buckets[k].a, both.buckets[k].b}[i]
				b.Add(&u.Passage, documentWords(p.document))
			}
		}
		out = append(out, both)
	}
	return out, nil
}
