package ner

// Score holds the integer counts of one metric for a passage, a type, or a dataset.
// Counts of disjoint parts add up to the counts of the whole
// (docs/spec/metrics.md §1.1). Ratios are computed for printing and never stored.
type Score struct {
	TP    int `json:"tp"`
	NPred int `json:"n_pred"`
	NGold int `json:"n_gold"`
}

// Add returns the counts of two disjoint parts together.
func (s Score) Add(t Score) Score {
	return Score{s.TP + t.TP, s.NPred + t.NPred, s.NGold + t.NGold}
}

// Precision is tp/n_pred; ok is false, and the value 0, if n_pred is 0.
func (s Score) Precision() (p float64, ok bool) { return ratio(s.TP, s.NPred) }

// Recall is tp/n_gold; ok is false, and the value 0, if n_gold is 0.
func (s Score) Recall() (r float64, ok bool) { return ratio(s.TP, s.NGold) }

// F1 is 2·tp/(n_pred+n_gold), computed from the counts (docs/spec/metrics.md §1.1); ok is
// false, and the value 0, if there is neither prediction nor gold.
func (s Score) F1() (f1 float64, ok bool) { return ratio(2*s.TP, s.NPred+s.NGold) }

func ratio(a, b int) (float64, bool) {
	if b == 0 {
		return 0, false
	}
	return float64(a) / float64(b), true
}

// Sum adds up scores.
func Sum(scores []Score) Score {
	var total Score
	for _, s := range scores {
		total = total.Add(s)
	}
	return total
}
