package site

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"nerbench/ner"
	"nerbench/reports"
)

// runPage is the page of a run.
type runPage struct {
	Row      cellRow
	Keys     [][2]string
	Facts    [][2]string
	Measures []measureRow
	Types    []typeRow
	Outcomes []outcomeCount
	Counters []counter
	Speed    [][2]string
	Claims   []measureRow
	Attested []attestationRow
	Errors   *errorTables // nil: not known
}

// measureRow is the score of a metric.
type measureRow struct {
	Metric, Name, Definition, Signature string
	F1                                  number
	Precision, Recall                   string
	Counts                              ner.Score
}

// counter is a number of a run or of a dataset, such as that of mentions without a place.
type counter struct {
	Name string
	N    int
}

// counters lists numbers by name.
func counters(numbers map[string]int) []counter {
	var list []counter
	for _, name := range slices.Sorted(maps.Keys(numbers)) {
		list = append(list, counter{name, numbers[name]})
	}
	return list
}

func (s *site) runPage(run *Run) (*runPage, error) {
	p := &runPage{
		Row: s.cellRow(run), Keys: pairs(run.Keys), Facts: pairs(run.Facts), Outcomes: outcomeCounts(run.Outcomes),
	}
	for _, metric := range s.metricsOf(run) {
		p.Measures = append(p.Measures, measured(metric, run.Scores[metric], s.Definitions[metric], run.Signatures[metric]))
	}
	for _, t := range slices.Sorted(maps.Keys(run.Types)) {
		m := run.Types[t][s.first()]
		row := typeRow{Type: t, Precision: reports.Percent(m.Precision), Recall: reports.Percent(m.Recall), Counts: m.Score}
		for _, metric := range s.Metrics {
			row.Scores = append(row.Scores, f1(run.Types[t][metric].F1, nil))
		}
		p.Types = append(p.Types, row)
	}
	slices.SortStableFunc(p.Types, func(a, b typeRow) int { return cmp.Compare(b.Counts.NGold, a.Counts.NGold) })
	p.Counters = counters(run.Counters)
	p.Speed = speed(run, s.Currency)
	if run.Submission != nil {
		p.Claims, p.Attested = claimRows(run.Submission), attestationRows(run.Submission.Attestations)
	}
	errors, err := s.errorsOf(run)
	if errors != nil {
		p.Errors = newErrorTables(errors)
	}
	return p, err
}

// errorsOf counts the errors of a run; nil: not known.
func (s *site) errorsOf(run *Run) (*ner.ErrorCounts, error) {
	if s.archive == nil {
		return nil, nil
	}
	return s.archive.Errors(s.ctx, run.ID)
}

// metricsOf lists the metrics of the board, and then the others that a run has.
func (s *site) metricsOf(run *Run) []string {
	list := slices.Clone(s.Metrics)
	for _, metric := range slices.Sorted(maps.Keys(run.Scores)) {
		if !slices.Contains(list, metric) {
			list = append(list, metric)
		}
	}
	return list
}

func measured(metric string, m Measure, definition, signature string) measureRow {
	return measureRow{metric, metricName(metric), definition, signature, f1(m.F1, m.Interval), reports.Percent(m.Precision), reports.Percent(m.Recall), m.Score}
}

// pairs lists names and values by name, without empty values.
func pairs(m map[string]string) [][2]string {
	var list [][2]string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if m[name] != "" {
			list = append(list, [2]string{name, m[name]})
		}
	}
	return list
}

// speed lists what the run needed. Unknown values are named as such.
func speed(run *Run, currency string) [][2]string {
	seconds, rate := "unknown", "unknown"
	if v := run.Cost.Seconds; v != nil {
		seconds = significant(*v)
		if *v > 0 && run.Complete > 0 {
			rate = significant(float64(run.Complete) / *v)
		}
	}
	known := func(s string) string {
		if s == reports.Undefined {
			return "unknown"
		}
		return s
	}
	return [][2]string{
		{"Tokens of prompts", known(count(run.Cost.PromptTokens))}, {"Tokens of answers", known(count(run.Cost.AnswerTokens))},
		{"Seconds", seconds}, {"Passages a second", rate},
		{strings.TrimSpace("Price of 1,000 passages " + short(currency)), known(price(run.Cost.Price).Text)},
	}
}
