package harness

import (
	"context"

	"nerbench/datasets"
	"nerbench/ner"
	"nerbench/reports"
)

// sampleModel is the model that runs on the embedded sample. It needs no server.
const sampleModel = "tagger"

// RunSample trains the tagger on the embedded sample of each domain, runs it on the test
// passages, and scores the answers. It sends no event.
func (b *Bench) RunSample(ctx context.Context) error {
	request := Request{Plan: ner.Plan{Model: sampleModel}}
	for _, domain := range datasets.Domains {
		dataset, err := SampleDataset(domain)
		if err != nil {
			return err
		}
		request.Datasets = append(request.Datasets, dataset)
	}
	quiet := *b
	quiet.Notify = nil
	_, err := quiet.Run(ctx, request)
	return err
}

// SampleTable is the table of the tagger's runs on the sample.
func (b *Bench) SampleTable(ctx context.Context) (*reports.Table, error) {
	var ids []string
	for _, domain := range datasets.Domains {
		ids = append(ids, SamplePrefix+domain)
	}
	return b.Table(ctx, TableRequest{Spec: reports.Spec{
		Metrics: []string{reports.SpanF1, reports.UninerF1},
		Where:   map[string][]string{"dataset": ids, "model": {sampleModel}},
	}})
}

// SampleRuns are the tagger's runs in the store.
func (b *Bench) SampleRuns(ctx context.Context) ([]RunJSON, error) {
	store, err := b.ReadStore(ctx)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	runs, err := SelectRuns(ctx, store, map[string][]string{"model": {sampleModel}})
	if err != nil {
		return nil, err
	}
	var list []RunJSON
	coverages := Coverages(runs)
	for _, r := range runs {
		line, err := NewRunJSON(r, coverages[r.ID])
		if err != nil {
			return nil, err
		}
		list = append(list, line)
	}
	return list, nil
}
