package sweeps

import (
	"slices"
	"strconv"
	"strings"

	"nerbench/reports"
)

// records returns the values of the points for other programs: one line for each
// dataset, and one for the mean over the datasets, which has the tests and the cost of
// the point. Ratios and their differences are fractions.
func (r *Result) records() reports.Records {
	header := slices.Concat(r.Varied, []string{
		"row", "kind", "metric", "f1", "ci_low", "ci_high", "seeds_sd", "baseline", "difference", "difference_ci_low", "difference_ci_high", "p", "p_adjusted",
		"used", "total", "queries", "failures", "prompt_tokens", "answer_tokens", "seconds", "money", "runs", "note",
	})
	records := reports.Records{header}
	for i := range r.Lines {
		l := &r.Lines[i]
		var keys []string
		for _, k := range r.Varied {
			keys = append(keys, l.Keys[k])
		}
		for _, dataset := range r.datasets() {
			line := slices.Concat(keys, []string{dataset, "dataset", l.Metric, reports.Fraction(l.Datasets[dataset])})
			line = append(line, make([]string, len(header)-len(line)-1)...)
			records = append(records, append(line, l.Remarks[dataset]))
		}
		line := slices.Concat(keys, []string{reports.MeanRows, "mean", l.Metric, reports.Fraction(l.Mean)}, reports.FractionInterval(l.CI),
			[]string{reports.Fraction(l.Deviation), strconv.FormatBool(l.Baseline), reports.Fraction(l.Difference)}, reports.FractionInterval(l.DifferenceCI),
			[]string{reports.Fraction(l.P), reports.Fraction(l.PAdjusted), strconv.Itoa(l.Used), strconv.Itoa(l.Total), strconv.Itoa(l.Queries), l.failuresRecord()},
			l.costRecord(), []string{strings.Join(l.Runs, " "), l.meanRemark()})
		records = append(records, line)
	}
	return records
}

// failuresRecord returns the number of failures; empty if it is unknown.
func (l *Line) failuresRecord() string {
	if l.Failures == nil {
		return ""
	}
	return strconv.Itoa(*l.Failures)
}

// costRecord returns the tokens, the seconds and the price of a point; empty texts for
// unknown values.
func (l *Line) costRecord() []string {
	if l.Cost == nil {
		return []string{"", "", "", ""}
	}
	tokens := []string{"", ""} // a server may report none
	for i, n := range []*int{l.Cost.PromptTokens, l.Cost.AnswerTokens} {
		if n != nil {
			tokens[i] = strconv.Itoa(*n)
		}
	}
	return append(tokens, reports.Fraction(&l.Cost.Seconds), reports.Fraction(l.Cost.Money))
}

// paraphraseRecords returns the results of paraphrases for other programs.
func paraphraseRecords(lines []Paraphrase, others []string) reports.Records {
	records := reports.Records{slices.Concat([]string{"dataset", "type", "name"}, others, []string{"own_name", "f1", "spread", "agreement"})}
	for _, l := range lines {
		line := []string{l.Dataset, string(l.Type), l.Name}
		for _, k := range others {
			line = append(line, l.Keys[k])
		}
		records = append(records, append(line, strconv.FormatBool(l.Base), reports.Fraction(l.F1), reports.Fraction(l.Spread), reports.Fraction(l.Agreement)))
	}
	return records
}
