package site

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"nerbench/reports"
)

// number is one number as a table shows it.
type number struct {
	Text     string // "–": unknown or undefined
	Interval string // 95 %, such as "58.9–63.5"; empty: none
	Heat     int    // 0 to 9: strength of the background
	// Sort is the value by which the script sorts, where the text is not it.
	Sort string
	// Others are the same number by the other metrics of the board, in their order.
	Others []number
}

// Known reports whether there is a value.
func (n number) Known() bool { return n.Text != reports.Undefined && n.Text != "" }

// f1 is a number in percent with its interval.
func f1(v *float64, interval *[2]float64) number {
	n := number{Text: reports.Percent(v)}
	if v != nil && n.Known() {
		n.Heat = min(9, max(0, int(*v*10)))
		n.Interval = interval95(interval)
	}
	return n
}

func meanNumber(m *Mean) number {
	if m == nil {
		return number{Text: reports.Undefined}
	}
	return f1(&m.F1, m.Interval)
}

func interval95(i *[2]float64) string {
	if i == nil {
		return ""
	}
	return reports.Percent(&i[0]) + "–" + reports.Percent(&i[1])
}

// points prints a difference in points, with the minus sign of compare.js.
func points(d *float64) string {
	return strings.Replace(reports.Points(d), "-", "−", 1)
}

// rankRange prints a range of ranks; empty for an unranked line.
func rankRange(from, to int) string {
	switch {
	case from == 0:
		return ""
	case from == to:
		return strconv.Itoa(from)
	}
	return fmt.Sprintf("%d–%d", from, to)
}

// share prints a fraction as a percentage; a part above 0 never prints as 0.0.
func share(v *float64) number {
	n := number{Text: reports.Percent(v)}
	if v != nil && *v > 0 && n.Text == "0.0" {
		n.Text, n.Sort = "<0.1", strconv.FormatFloat(*v*100, 'g', 3, 64)
	}
	return n
}

// significant prints a value with three significant digits, and from 1,000 on as an
// integer with groups.
func significant(v float64) string {
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return reports.Undefined
	}
	if math.Abs(v) >= 999.5 {
		return commas(int64(math.Round(v)))
	}
	s := strconv.FormatFloat(v, 'g', 3, 64)
	if strings.Contains(s, "e") {
		s = strconv.FormatFloat(v, 'f', -1, 64)
	}
	return s
}

// perThousand is a sum over passages for 1,000 of them. A value that is unknown is not 0.
func perThousand(sum *float64, passages int) number {
	if sum == nil || passages == 0 {
		return number{Text: reports.Undefined}
	}
	v := *sum * 1000 / float64(passages)
	return number{Text: significant(v), Sort: strconv.FormatFloat(v, 'g', 6, 64)}
}

// price prints a price for 1,000 passages with two decimals, and more if it is below a
// hundredth.
func price(v *float64) number {
	if v == nil {
		return number{Text: reports.Undefined}
	}
	text := strconv.FormatFloat(*v, 'f', 2, 64)
	if *v > 0 && *v < 0.01 {
		text = strconv.FormatFloat(*v, 'g', 2, 64)
	}
	return number{Text: text}
}

// count prints a count; nil is unknown.
func count(n *int64) string {
	if n == nil {
		return reports.Undefined
	}
	return commas(*n)
}

// orUnknown prints a fact that may be missing.
func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}

func yesNo(b *bool) string {
	switch {
	case b == nil:
		return "unknown"
	case *b:
		return "yes"
	}
	return "no"
}

// billions reads a number of parameters, such as "7B" or "350M", in billions.
func billions(s string) (float64, bool) {
	s = strings.ToUpper(strings.TrimSpace(s))
	scale := 1.0
	switch {
	case strings.HasSuffix(s, "B"):
		s = strings.TrimSuffix(s, "B")
	case strings.HasSuffix(s, "M"):
		s, scale = strings.TrimSuffix(s, "M"), 1e-3
	case strings.HasSuffix(s, "T"):
		s, scale = strings.TrimSuffix(s, "T"), 1e3
	default:
		return 0, false
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) || v < 0 {
		return 0, false
	}
	return v * scale, true
}

// metricNames are short names of metrics for headings.
var metricNames = map[string]string{
	reports.SpanF1:      "strict spans",
	reports.UninerF1:    "paper's strings",
	"uniner_f1_lenient": "lenient strings",
	"paper_partial_f1":  "partial strings",
}

// metricName is the name of a metric in a heading.
func metricName(id string) string {
	if name, ok := metricNames[id]; ok {
		return name
	}
	return short(strings.TrimSuffix(id, "_f1"))
}
