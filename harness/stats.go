package harness

import (
	"context"
	"errors"

	"nerbench/datasets"
	"nerbench/internal/parallel"
	"nerbench/loaders"
	"nerbench/ner"
)

// Stats compares the measured counts of a dataset with those of Table 6. Measured is
// null if the files are missing.
type Stats struct {
	Dataset   string                    `json:"dataset"`
	Domain    string                    `json:"domain"`
	State     string                    `json:"state"`
	Published datasets.Table6           `json:"published"`
	Types     int                       `json:"types"` // in the measured splits; of the dataset if no split was measured
	Measured  map[ner.Split]*StatsSplit `json:"measured"`
	Rule      string                    `json:"count_rule"` // exact, near or no
	// Reason explains why a count differs from the published one; empty if all agree.
	Reason string `json:"reason"`
}

// StatsSplit has the measured counts of one split.
type StatsSplit struct {
	Documents int `json:"documents"` // in the files, or drawn from them
	Spans     int `json:"spans"`
	// Instances is the number of documents under the view of Table 6; null if the
	// files have no such view.
	Instances *int `json:"instances"`
}

// Count returns the number to compare with the published one.
func (p *StatsSplit) Count() int {
	if p.Instances != nil {
		return *p.Instances
	}
	return p.Documents
}

// Stats measures datasets, and compares them with Table 6. The error joins those of
// all datasets.
func (b *Bench) Stats(ctx context.Context, ds []*datasets.Dataset) ([]Stats, error) {
	lines, faults := make([]Stats, len(ds)), make([]error, len(ds))
	parallel.Each(len(ds), func(i int) { lines[i], faults[i] = b.statsOf(ctx, ds[i]) })
	return lines, errors.Join(faults...)
}

func (b *Bench) statsOf(ctx context.Context, dataset *datasets.Dataset) (Stats, error) {
	l := Stats{
		Dataset: dataset.ID, Domain: dataset.Domain, State: b.State(ctx, dataset), Published: dataset.Table6,
		Rule: dataset.CountRule.Status, Measured: map[ner.Split]*StatsSplit{},
	}
	types := map[ner.EntityType]bool{}
	for _, split := range ner.Splits {
		part, err := b.statsPart(ctx, dataset, split, types)
		if err != nil {
			return l, err
		}
		l.Measured[split] = part
	}
	if l.Types = len(types); l.Types == 0 {
		l.Types = len(dataset.Types())
	}
	l.Reason = l.reason(dataset)
	return l, nil
}

// statsPart counts a split with and without the view of Table 6; nil if its files
// are missing.
func (b *Bench) statsPart(ctx context.Context, dataset *datasets.Dataset, split ner.Split, types map[ner.EntityType]bool) (*StatsSplit, error) {
	o := loaders.Options{Split: split, View: loaders.Table6View}
	var part *StatsSplit
	documents, spans, err := b.count(ctx, dataset, o, types)
	if err != nil || documents < 0 {
		return nil, err
	}
	part = &StatsSplit{Documents: documents, Spans: spans, Instances: &documents}
	if dataset.CountRule.View[split] == datasets.ViewAll && dataset.CountRule.Cut == "" {
		return part, nil
	}
	o.View = ""
	if part.Documents, part.Spans, err = b.count(ctx, dataset, o, types); err != nil {
		return nil, err
	}
	if part.Documents < 0 { // dev is a second name of test
		part.Documents, part.Spans = documents, spans
	}
	return part, nil
}

// count reads a split; documents is -1 if its files are missing.
func (b *Bench) count(ctx context.Context, dataset *datasets.Dataset, o loaders.Options, types map[ner.EntityType]bool) (documents, spans int, err error) {
	if !loaders.Supported(dataset, "") || loaders.Present(ctx, b.dataFS(), dataset, o) != nil {
		return -1, 0, nil
	}
	docs, _, err := loaders.Documents(ctx, b.dataFS(), dataset, o)
	if err != nil {
		return 0, 0, err
	}
	for d, err := range docs {
		if err != nil {
			return 0, 0, err
		}
		documents++
		spans += len(d.Spans)
		for _, s := range d.Spans {
			types[s.Type] = true
		}
	}
	return documents, spans, nil
}

// reason returns the explanation in the dataset's file if a measured count differs
// from the published one.
func (l Stats) reason(dataset *datasets.Dataset) string {
	differs, measured := l.Types != l.Published.Types, false
	for split, p := range l.Measured {
		if p != nil {
			n, _ := l.Published.Count(split)
			measured = true
			differs = differs || p.Count() != n || p.Documents != n
		}
	}
	if !measured || !differs || dataset.Table6 == (datasets.Table6{}) {
		return ""
	}
	return dataset.CountRule.Text
}
