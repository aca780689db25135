package harness

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"

	"nerbench/datasets"
	"nerbench/harness/loop"
	"nerbench/ner"
	"nerbench/reports/page"
	"nerbench/results"
)

// The limits of the sample passages on a page.
const (
	samplesOfRun  = 3
	sampledRuns   = 100
	sampleAnswers = 40 // of a passage
)

// Samples reads a few passages of the last run of each model on each dataset, for a
// file that others will read: only of datasets whose text may be shown for that use
// ([datasets.Dataset.MayShow]). A run whose data is missing has none.
func (b *Bench) Samples(ctx context.Context, store *results.Store, runs []results.RunInfo, use datasets.TextRule) ([]page.Sample, error) {
	var samples []page.Sample
	for _, r := range lastRuns(b.shown(runs, use)) {
		of, err := b.samplesOf(ctx, store, r)
		if err != nil {
			if ctx.Err() != nil {
				return nil, err
			}
			b.note("%s: no sample passages in the report: %v", r.Keys["dataset"], err)
			continue
		}
		samples = append(samples, of...)
	}
	return samples, nil
}

// shown keeps the runs on datasets whose text may be shown for a use. It notes the
// other datasets.
func (b *Bench) shown(runs []results.RunInfo, use datasets.TextRule) []results.RunInfo {
	var kept []results.RunInfo
	hidden := map[datasets.TextRule][]string{}
	for _, r := range runs {
		id, text := r.Keys["dataset"], datasets.NeverText // if the dataset is unknown
		if dataset, err := b.FindDataset(id); err == nil {
			if dataset.MayShow(use) {
				kept = append(kept, r)
				continue
			}
			text = dataset.Text
		}
		if r.Complete > 0 && !slices.Contains(hidden[text], id) {
			hidden[text] = append(hidden[text], id)
		}
	}
	if ids := hidden[datasets.NonCommercialText]; len(ids) > 0 {
		b.note("no sample passages of %s: the text may be shown for non-commercial use only (--text %s shows it)", strings.Join(ids, ", "), datasets.NonCommercialText)
	}
	if ids := hidden[datasets.NeverText]; len(ids) > 0 {
		b.note("no sample passages of %s: the text may not be shown to others (text = %q in the file of the dataset)", strings.Join(ids, ", "), datasets.NeverText)
	}
	return kept
}

// lastRuns keeps the last run with answers of each model on each dataset, ordered by
// dataset and model.
func lastRuns(runs []results.RunInfo) []results.RunInfo {
	var last []results.RunInfo
	for _, r := range runs {
		if r.Complete == 0 {
			continue
		}
		at := slices.IndexFunc(last, func(l results.RunInfo) bool {
			return l.Keys["dataset"] == r.Keys["dataset"] && l.Keys["model"] == r.Keys["model"]
		})
		switch {
		case at < 0:
			last = append(last, r)
		case r.Updated.After(last[at].Updated):
			last[at] = r
		}
	}
	slices.SortStableFunc(last, func(a, b results.RunInfo) int {
		return cmp.Or(cmp.Compare(a.Keys["dataset"], b.Keys["dataset"]), cmp.Compare(a.Keys["model"], b.Keys["model"]))
	})
	return last[:min(len(last), sampledRuns)]
}

// samplesOf returns the first passages of a run with gold entities.
func (b *Bench) samplesOf(ctx context.Context, store *results.Store, r results.RunInfo) ([]page.Sample, error) {
	plan, err := b.ScorePlan(ctx, store, r.ID)
	if err != nil {
		return nil, err
	}
	parser, err := loop.NewPassageParser(plan.Parsing)
	if err != nil {
		return nil, err
	}
	passages, stop := iter.Pull2(plan.Passages)
	defer stop()
	p, err, more := passages()
	var samples []page.Sample
	index := -1
	for d, docErr := range plan.Documents {
		if docErr != nil {
			return nil, docErr
		}
		if index++; !more || err != nil || len(samples) == samplesOfRun {
			break
		}
		if p.Index != index {
			continue
		}
		if len(d.Spans) > 0 {
			s, err := newSample(r, d, p, parser)
			if err != nil {
				return nil, err
			}
			samples = append(samples, s)
		}
		p, err, more = passages()
	}
	return samples, err
}

func newSample(r results.RunInfo, d *ner.Document, p ner.Passage, parser *loop.PassageParser) (page.Sample, error) {
	u, err := parser.Passage(d, p.Answers)
	if err != nil {
		return page.Sample{}, err
	}
	s := page.Sample{
		Dataset: r.Keys["dataset"], Document: d.ID, Model: r.Keys["model"], Text: d.Text,
		Gold: d.Spans, Predicted: u.Passage.Pred, Unaligned: u.Passage.Unaligned,
	}
	if parser.HasSpans() {
		return s, nil // the answer is the spans
	}
	for i, a := range p.Answers[:min(len(p.Answers), sampleAnswers)] {
		s.Answers = append(s.Answers, page.SampleAnswer{Types: a.Types, Text: ShownAnswer(a.Completion.Text), Outcome: u.Predictions[i].Outcome})
	}
	return s, nil
}
