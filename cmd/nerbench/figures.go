package main

import (
	"nerbench/metrics"
	"nerbench/ner"
)

// countsJSON and the functions below are other names for those of metrics and ner.
type countsJSON = metrics.Figures

func newCountsJSON(m metrics.Metric, s ner.Score) countsJSON { return m.Figures(s) }

func orNull(r metrics.Ratio) *float64 { return r.OrNil() }

func sum(scores []ner.Score) ner.Score { return ner.Sum(scores) }
