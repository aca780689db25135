package compare

import "nerbench/ner"

// Report is the JSON form of a comparison: one dataset, or the whole with its
// datasets.
type Report struct {
	Metric  string `json:"metric,omitempty"`
	Dataset string `json:"row,omitempty"`
	// Average is the name of the average that is compared; empty for one dataset.
	Average string `json:"average,omitempty"`
	Used    int    `json:"used,omitempty"` // datasets in the average
	Outcome
	MeanA    *float64                   `json:"mean_rows_a,omitempty"`
	MeanB    *float64                   `json:"mean_rows_b,omitempty"`
	Flips    *FlipCounts                `json:"flips"` // nil: unknown
	ByType   map[ner.EntityType]Outcome `json:"by_type,omitempty"`
	ByBucket map[string][]Bucket        `json:"by_bucket,omitempty"`
	Flipped  []Flip                     `json:"flipped,omitempty"`
	Tokens   *Tokens                    `json:"tokens,omitempty"` // systems with the same weights
	Datasets []Report                   `json:"rows,omitempty"`
}

// Report returns the JSON form of a comparison of runs, with at most this number of
// flips of each side and dataset; a negative number stands for all.
func (c *Comparison) Report(flips int) Report {
	out := c.whole()
	for i := range c.Datasets {
		out.Datasets = append(out.Datasets, c.dataset(i, flips))
	}
	if n := len(c.Datasets); n > 1 {
		a, b := c.Means()
		out.Average, out.Used, out.MeanA, out.MeanB = "mean_rows", n, &a, &b
	}
	return out
}

// FilesReport returns the JSON form of a comparison of files, which are one dataset
// without a name.
func (c *Comparison) FilesReport(flips int) Report {
	out, d := c.whole(), c.dataset(0, flips)
	out.ByType, out.Flipped, out.ByBucket = d.ByType, d.Flipped, d.ByBucket
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
	out := Report{Dataset: d.Name, Outcome: c.Outcomes[i], ByType: c.Types[i], Flipped: FirstFlips(d.flips, flips), Tokens: d.Tokens}
	if !d.CountsOnly {
		n := CountFlips(d.flips)
		out.Flips = &n
	}
	for _, b := range d.Buckets {
		if out.ByBucket == nil {
			out.ByBucket = map[string][]Bucket{}
		}
		out.ByBucket[b.Attribute.Name] = b.Compare(d.Metric)
	}
	return out
}
