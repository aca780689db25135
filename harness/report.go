package harness

import (
	"context"
	"io"
	"strings"

	"nerbench/datasets"
	"nerbench/reports/page"
)

// ReportRequest describes the report of a store.
type ReportRequest struct {
	Version string // of the program
	// Resamples of the intervals; 0: no intervals.
	Resamples int
	// Text is who will read it: passages are shown only if their licence permits it.
	Text datasets.TextRule
}

// WriteReport writes the report of the store as one page. It returns the numbers of runs
// and of sample passages on it.
func (b *Bench) WriteReport(ctx context.Context, w io.Writer, r ReportRequest) (runs, passages int, err error) {
	store, err := b.ReadStore(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer store.Close()
	found, err := b.Reported(ctx, store, nil, "", r.Resamples)
	if err != nil {
		return 0, 0, err
	}
	samples, err := b.Samples(ctx, store, found.Runs, r.Text)
	if err != nil {
		return 0, 0, err
	}
	date, err := b.ShownDate(found.Runs)
	if err != nil {
		return 0, 0, err
	}
	counts := b.errorCounts(store)
	classes := map[string]map[string]int{}
	for _, run := range found.Runs {
		of, err := counts.of(ctx, run)
		if err != nil {
			return 0, 0, err
		}
		if of != nil {
			classes[run.ID] = of.Classes
		}
	}
	counts.keep(ctx)
	err = page.Write(w, page.Report{
		Title: reportTitle(found), Date: date, Version: r.Version, Results: found.Results, Datasets: found.Benchmark, Samples: samples, Errors: classes,
		Ratios: Ratios, Doubled: Doubled,
	})
	return len(found.Runs), len(samples), err
}

// reportTitle returns a title for the invented sample, else "".
func reportTitle(r Reported) string {
	for _, dataset := range r.Benchmark {
		if !strings.HasPrefix(dataset.ID, SamplePrefix) {
			return ""
		}
	}
	return "Named entity recognition: invented sample"
}
