package compare

import "nerbench/ner"

// Report is the JSON form of a comparison: one dataset, or the whole with its
// datasets.
type Report struct {
	Metric  string `json:"metric,omitempty"`
	Dataset string `json:"row,omitempty"`
	// Average is the name of the average that is compared; empty for one dataset.
	Average string `json:"average,omitempty"`
	Used    int    `json:"used,omitempty"`  // datasets in the average
	Total   int    `json:"total,omitempty"` // datasets that were compared
	Outcome
	MeanA  *float64                   `json:"mean_rows_a,omitempty"`
	MeanB  *float64                   `json:"mean_rows_b,omitempty"`
	Flips  *FlipCounts                `json:"flips"` // nil: unknown
	ByType map[ner.EntityType]Outcome `json:"by_type,omitempty"`
	// WithoutSupport are predicted types without gold, which ByType leaves out.
	WithoutSupport []ner.EntityType    `json:"without_support,omitempty"`
	ByBucket       map[string][]Bucket `json:"by_bucket,omitempty"`
	Flipped        []Flip              `json:"flipped,omitempty"`
	// Spurious are the flips of wrong predictions; Flipped has those of gold entities.
	Spurious []Flip   `json:"flipped_spurious,omitempty"`
	Tokens   *Tokens  `json:"tokens,omitempty"` // systems with the same weights
	Datasets []Report `json:"rows,omitempty"`
}

// Report returns the JSON form of a comparison of runs, with at most this number of
// flips of each side and dataset; a negative number stands for all.
func (c *Comparison) Report(flips int) Report {
	out := c.whole()
	for i := range c.Datasets {
		out.Datasets = append(out.Datasets, c.dataset(i, flips))
	}
	if n := len(c.Datasets); n > 1 {
		out.Average, out.Used, out.Total = "mean_rows", c.Used, n
		out.MeanA, out.MeanB = c.Means()
	}
	return out
}

// FilesReport returns the JSON form of a comparison of files, which are one dataset
// without a name.
func (c *Comparison) FilesReport(flips int) Report {
	out, d := c.whole(), c.dataset(0, flips)
	out.ByType, out.WithoutSupport, out.ByBucket = d.ByType, d.WithoutSupport, d.ByBucket
	out.Flipped, out.Spurious = d.Flipped, d.Spurious
	return out
}

func (c *Comparison) whole() Report {
	out := Report{Metric: c.Metric, Outcome: c.Whole}
	if flips, known := c.Flips(); known {
		n := CountFlips(flips)
		out.Flips = &n
	}
	return out
}

func (c *Comparison) dataset(i, flips int) Report {
	d := c.Datasets[i]
	sortFlips(d.flips)
	out := Report{Dataset: d.Name, Outcome: c.Outcomes[i], ByType: c.Types[i], Tokens: d.Tokens}
	for _, f := range FirstFlips(d.flips, flips) {
		if f.Spurious == "" {
			out.Flipped = append(out.Flipped, f)
		} else {
			out.Spurious = append(out.Spurious, f)
		}
	}
	if !d.CountsOnly {
		n := CountFlips(d.flips)
		out.Flips = &n
		if !d.WithoutTypes {
			out.WithoutSupport = d.WithoutSupport()
		}
	}
	for _, b := range d.Buckets {
		if out.ByBucket == nil {
			out.ByBucket = map[string][]Bucket{}
		}
		out.ByBucket[b.Attribute.Name] = b.Compare(d.Metric)
	}
	return out
}
