package site

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"nerbench/reports"
)

// ranking is the page of a suite.
type ranking struct {
	*Suite
	Suites  []suiteLink
	Domains []suiteDomain
	Metrics []metricLink
	Parts   []rankingPart
	Filters []filter
	Columns []column
}

// rankingPart is a group of lines: the ranked models of one track, which have ranks of
// their own, or those that are not ranked.
type rankingPart struct {
	Heading string // empty: the only track
	Rows    []rankingRow
}

type suiteLink struct {
	Title, Path string
	Current     bool
}

type suiteDomain struct {
	Name  string // as in the board
	Label string
	N     int // datasets of the suite
}

type metricLink struct{ ID, Name, Definition string }

// column can be shown and hidden.
type column struct {
	Class, Name string
	Shown       bool // at first
}

// filter is a choice of lines by one property.
type filter struct {
	Key, Name string
	Values    [][2]string // value, label
}

// rankingRow is the line of one model.
type rankingRow struct {
	Line
	*Model
	Path             string
	Rank             string
	Mean, Unseen     number
	ByDomain         []number
	Failed, Price    number
	Tokens, Seconds  number
	Folded           int
	SeenAs           string // for the filter: none, some, unknown
	Size, Date, Open string // for the filters
	Order            int
}

func (s *site) ranking(suite *Suite) *ranking {
	r := &ranking{Suite: suite}
	for i := range s.Suites {
		other := &s.Suites[i]
		r.Suites = append(r.Suites, suiteLink{other.Title, s.SuitePage(other.ID), other.ID == suite.ID})
	}
	for _, m := range s.Metrics {
		r.Metrics = append(r.Metrics, metricLink{m, metricName(m), s.Definitions[m]})
	}
	r.Domains = s.domainsOf(suite)
	var ranked, below, all []rankingRow
	for i := range suite.Ranked {
		ranked = append(ranked, s.rankingRow(suite, r.Domains, &suite.Ranked[i], i))
	}
	for i := range suite.Unranked {
		below = append(below, s.rankingRow(suite, r.Domains, &suite.Unranked[i], len(suite.Ranked)+i))
	}
	all = slices.Concat(ranked, below)
	r.Parts = parts(ranked)
	if len(below) > 0 {
		r.Parts = append(r.Parts, rankingPart{"Not ranked: a mean needs every dataset of the suite", below})
	}
	r.Filters = filters(all)
	r.Columns = columns(r.Domains, all)
	return r
}

// parts groups ranked lines by their track, in the order in which they come.
func parts(ranked []rankingRow) []rankingPart {
	list := []rankingPart{}
	at := map[string]int{}
	for _, row := range ranked {
		i, ok := at[row.Track]
		if !ok {
			i = len(list)
			at[row.Track] = i
			list = append(list, rankingPart{Heading: "Track " + short(row.Track)})
		}
		list[i].Rows = append(list[i].Rows, row)
	}
	switch len(list) {
	case 0:
		return []rankingPart{{}}
	case 1:
		list[0].Heading = ""
	}
	return list
}

// domainsOf lists the domains of a suite in the order of its datasets. A suite of one
// domain has no columns for domains: they would repeat the mean.
func (s *site) domainsOf(suite *Suite) []suiteDomain {
	var list []suiteDomain
	for _, d := range s.datasetsOf(suite) {
		i := slices.IndexFunc(list, func(x suiteDomain) bool { return x.Name == d.Domain })
		if i < 0 {
			i = len(list)
			list = append(list, suiteDomain{d.Domain, domainLabel(d.Domain), 0})
		}
		list[i].N++
	}
	if len(list) == 1 {
		return nil
	}
	return list
}

func (s *site) datasetsOf(suite *Suite) []*Dataset {
	var list []*Dataset
	for _, id := range suite.Datasets {
		list = append(list, s.datasets[id])
	}
	return list
}

// domainLabel is the heading of a column of a domain.
func domainLabel(domain string) string {
	labels := map[string]string{"biomed": "Biomed", "social-media": "Social", "programming": "Code", "transportation": "Transp.", "stem": "STEM"}
	if l, ok := labels[domain]; ok {
		return l
	}
	l := short(domain)
	if l == "" {
		return "(none)"
	}
	first, size := utf8.DecodeRuneInString(l)
	return string(unicode.ToUpper(first)) + l[size:]
}

func (s *site) rankingRow(suite *Suite, domains []suiteDomain, line *Line, order int) rankingRow {
	m := s.models[line.Model]
	row := rankingRow{
		Line: *line, Model: m, Path: s.ModelPage(m.Slug), Rank: rankRange(line.From, line.To), Unseen: meanNumber(line.Unseen),
		Failed: share(line.Failures), Price: price(line.Cost.Price), Folded: len(m.Others), Date: m.Released, Open: yesNo(m.OpenWeights), Order: order,
	}
	if b, ok := billions(m.Parameters); ok {
		row.Size = strconv.FormatFloat(b, 'g', -1, 64)
	}
	row.Mean = number{Text: reports.Undefined}
	for i, metric := range s.Metrics {
		n := number{Text: reports.Undefined}
		if mean, ok := line.Means[metric]; ok {
			n = meanNumber(&mean)
		}
		if i == 0 {
			row.Mean = n
		} else {
			row.Mean.Others = append(row.Mean.Others, n)
		}
	}
	for _, domain := range domains {
		n := number{Text: reports.Undefined}
		if mean, ok := line.Domains[domain.Name]; ok {
			n = meanNumber(&mean)
		}
		for _, metric := range s.Metrics[min(1, len(s.Metrics)):] {
			n.Others = append(n.Others, f1(s.domainMean(suite, m, domain.Name, metric), nil))
		}
		row.ByDomain = append(row.ByDomain, n)
	}
	passages := 0
	for _, id := range suite.Datasets {
		if run := s.cells[[2]string{m.Slug, id}]; run != nil && run.Missing == "" {
			passages += run.Passages
		}
	}
	var tokens *float64
	if p, a := line.Cost.PromptTokens, line.Cost.AnswerTokens; p != nil && a != nil {
		sum := float64(*p + *a)
		tokens = &sum
	}
	row.Tokens, row.Seconds = perThousand(tokens, passages), perThousand(line.Cost.Seconds, passages)
	row.SeenAs = seenAs(m, suite)
	return row
}

// domainMean is the mean of a metric over the datasets of a suite in a domain; nil if one
// of them is not complete.
func (s *site) domainMean(suite *Suite, m *Model, domain, metric string) *float64 {
	sum, n := 0.0, 0
	for _, d := range s.datasetsOf(suite) {
		if d.Domain != domain {
			continue
		}
		run := s.cells[[2]string{m.Slug, d.ID}]
		if run == nil || run.Missing != "" || run.Scores[metric].F1 == nil {
			return nil
		}
		sum += *run.Scores[metric].F1
		n++
	}
	if n == 0 {
		return nil
	}
	sum /= float64(n)
	return &sum
}

// seenAs says whether a model saw datasets of a suite in training: none, some, unknown.
func seenAs(m *Model, suite *Suite) string {
	unknown := false
	for _, id := range suite.Datasets {
		switch m.Seen[id] {
		case SeenYes:
			return "some"
		case SeenNo:
		default:
			unknown = true
		}
	}
	if unknown {
		return "unknown"
	}
	return "none"
}

// Year is the year of the release; empty: unknown.
func (r rankingRow) Year() string {
	if len(r.Date) < 4 || strings.Trim(r.Date[:4], "0123456789") != "" {
		return ""
	}
	return r.Date[:4]
}

// filters lists the choices that tell the lines apart.
func filters(rows []rankingRow) []filter {
	distinct := func(value func(rankingRow) string) [][2]string {
		set := map[string]bool{}
		for _, row := range rows {
			set[short(value(row))] = true
		}
		if len(set) < 2 {
			return nil
		}
		var values [][2]string
		for _, v := range slices.Sorted(maps.Keys(set)) {
			label := v
			if v == "" {
				label = "not given"
			}
			values = append(values, [2]string{v, label})
		}
		return values
	}
	demonstrations := distinct(func(r rankingRow) string { return strconv.Itoa(r.Demonstrations) })
	slices.SortFunc(demonstrations, func(a, b [2]string) int { return cmp.Or(len(a[0])-len(b[0]), strings.Compare(a[0], b[0])) })
	list := []filter{
		{"tier", "Tier", distinct(func(r rankingRow) string { return string(r.Tier) })},
		{"track", "Track", distinct(func(r rankingRow) string { return r.Track })},
		{"demonstrations", "Examples in the prompt", demonstrations},
		{"licence", "Licence", distinct(func(r rankingRow) string { return r.Model.Licence })},
		{"open", "Open weights", distinct(func(r rankingRow) string { return r.Open })},
		{"seen", "Datasets seen in training", distinct(func(r rankingRow) string { return r.SeenAs })},
	}
	if slices.ContainsFunc(rows, func(r rankingRow) bool { return r.Size != "" }) {
		list = append(list, filter{"size", "Parameters", [][2]string{{"0-4", "below 4B"}, {"4-10", "4B to 10B"}, {"10-40", "10B to 40B"}, {"40-", "40B and more"}}})
	}
	if dates := distinct(rankingRow.Year); len(dates) > 0 {
		list = append(list, filter{"date", "Released", dates})
	}
	return slices.DeleteFunc(list, func(f filter) bool { return len(f.Values) == 0 })
}

// columns lists the columns that can be hidden. Those that no line fills are hidden at
// first.
func columns(domains []suiteDomain, rows []rankingRow) []column {
	has := func(known func(rankingRow) bool) bool { return slices.ContainsFunc(rows, known) }
	var list []column
	if len(domains) > 0 {
		list = append(list, column{"c-domain", "Domains", true})
	}
	price := has(func(r rankingRow) bool { return r.Price.Known() })
	return append(list,
		column{"c-unseen", "Mean over unseen datasets", has(func(r rankingRow) bool { return r.Unseen.Known() })},
		column{"c-failed", "Failures", true},
		column{"c-price", "Price", price},
		column{"c-tokens", "Tokens", !price && has(func(r rankingRow) bool { return r.Tokens.Known() })},
		column{"c-seconds", "Seconds", false},
		column{"c-done", "Datasets", true},
		column{"c-size", "Parameters", has(func(r rankingRow) bool { return r.Size != "" })},
		column{"c-released", "Released", false},
		column{"c-licence", "Licence", false},
		column{"c-prompt", "Prompt", false},
	)
}

// tierMarks are the marks that stand before the words of tiers.
var tierMarks = map[Tier]string{"published": "¶", "self-reported": "○", "spot-checked": "◐", "reproduced": "●", "withdrawn": "×"}

// tierMark is the mark of a tier.
func tierMark(t Tier) string { return tierMarks[t] }

// ZeroShotText is the number of datasets of the mean over unseen ones.
func (r rankingRow) ZeroShotText() string {
	if r.Unseen.Known() {
		return fmt.Sprintf("on %d", r.ZeroShot)
	}
	return ""
}

// rankingLine is a line with what its template needs beside it.
type rankingLine struct {
	Root string
	N    int // datasets of the suite
	Row  rankingRow
}
