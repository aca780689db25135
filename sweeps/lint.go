package sweeps

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"nerbench/ner"
)

// lint returns all faults of a plan. hasRows is set if it has the former key rows.
func (s *Sweep) lint(hasRows bool) error {
	l := &planLint{Sweep: s}
	if hasRows {
		l.fault("", "rows", `rows: unknown key, it is now "datasets"`)
	}
	l.texts()
	l.keys("fixed", maps.Keys(s.Fixed))
	l.keys("grid", maps.Keys(s.Grid))
	l.keys("zip", maps.Keys(s.Zip))
	for _, p := range s.Points {
		l.keys("point", maps.Keys(p))
	}
	l.once()
	repeats(l, "seeds", l.Seeds)
	repeats(l, "datasets", l.Datasets)
	repeats(l, "metrics", l.Metrics)
	l.values()
	l.negatives()
	l.size()
	if len(l.faults) == 0 { // an invalid plan may have no points
		l.base()
		l.twice()
	}
	return errors.Join(l.faults...)
}

type planLint struct {
	*Sweep
	faults []error
}

func (l *planLint) fault(table, key, format string, args ...any) {
	where := l.file
	if line := l.line(table, key); line > 0 {
		where = fmt.Sprintf("%s:%d", l.file, line)
	}
	l.faults = append(l.faults, fmt.Errorf("%s: %s", where, fmt.Sprintf(format, args...)))
}

func (l *planLint) texts() {
	if l.Title == "" || strings.Contains(l.Title, "\n") {
		l.fault("", "title", "title: want one line")
	}
	if l.Negatives != "" && l.Negatives != Training && l.Negatives != Inference {
		l.fault("", "negatives", "negatives: %q is not one of %s, %s", l.Negatives, Training, Inference)
	}
	if len(l.Datasets) > 0 && l.Suite != "" {
		l.fault("", "suite", "datasets and suite: want one of them")
	}
	if len(l.Varied()) == 0 && l.Models == "" {
		l.fault("", "", "nothing varies: want [grid], [zip], or [[point]]")
	}
}

// mostPoints is the largest number of points of a plan.
const mostPoints = 10_000

// size reports a plan with more points than anybody can run, before they are listed.
func (l *planLint) size() {
	n := max(l.zipped(), 1)
	for _, values := range l.Grid {
		if n = n * max(len(values), 1); n > mostPoints {
			break
		}
	}
	if n = n * max(len(l.Points), 1); n > mostPoints {
		l.fault("", "", "more than %d combinations of values: write several plans", mostPoints)
	}
}

// keys reports unknown keys.
func (l *planLint) keys(table string, keys func(func(string) bool)) {
	for _, k := range slices.Sorted(keys) {
		if !known(k) {
			l.fault(table, k, "%s.%s: unknown key%s", table, k, ner.Choices(k, knownKeys()))
		}
	}
}

// once reports keys that occur in more than one table.
func (l *planLint) once() {
	for _, k := range l.Varied() {
		var where []string
		if _, there := l.Fixed[k]; there {
			where = append(where, "fixed")
		}
		if _, there := l.Grid[k]; there {
			where = append(where, "grid")
		}
		if _, there := l.Zip[k]; there {
			where = append(where, "zip")
		}
		if slices.ContainsFunc(l.Points, func(p map[string]any) bool { _, there := p[k]; return there }) {
			where = append(where, "point")
		}
		if k == "seed" && len(l.Seeds) > 0 {
			where = append(where, "seeds")
		}
		if len(where) > 1 {
			l.fault(where[1], k, "%s: occurs in %s: want one of them", k, strings.Join(where, " and "))
		}
	}
}

// repeats reports duplicate values in a list, because the same run would count twice.
func repeats[V comparable](l *planLint, key string, list []V) {
	for i, v := range list {
		if slices.Contains(list[:i], v) {
			l.fault("", key, "%s: %v occurs twice", key, v)
		}
	}
}

func (l *planLint) values() {
	for _, k := range slices.Sorted(maps.Keys(l.Grid)) {
		if len(l.Grid[k]) == 0 {
			l.fault("grid", k, "grid.%s: no values", k)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(l.Zip)) {
		if n := len(l.Zip[k]); n == 0 || n != l.zipped() {
			l.fault("zip", k, "zip.%s: %d values, but another key has %d", k, n, l.zipped())
		}
	}
	check := func(table, key string, v any) {
		if _, err := text(v); err != nil {
			l.fault(table, key, "%s.%s: %v", table, key, err)
		}
		if v == All && key != "paraphrase" {
			l.fault(table, key, `%s.%s: "*" is valid for paraphrase only`, table, key)
		}
	}
	for k, v := range l.Fixed {
		check("fixed", k, v)
	}
	for table, of := range map[string]map[string][]any{"grid": l.Grid, "zip": l.Zip} {
		for k, values := range of {
			for _, v := range values {
				check(table, k, v)
			}
		}
	}
	for _, p := range l.Points {
		for k, v := range p {
			check("point", k, v)
		}
	}
	slices.SortFunc(l.faults, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
}

// negatives reports plans that mix negative sampling in training and at inference
// (docs/spec/prompts.md §2.9).
func (l *planLint) negatives() {
	varied := l.Varied()
	queries := slices.Contains(varied, "queries")
	switch {
	case queries && l.Negatives == Training:
		l.fault("", "negatives", "negatives: a sweep over query sets is about inference, not training")
	case queries && l.Negatives == "":
		l.fault("", "queries", "queries vary: want negatives = %q", Inference)
	case queries && (slices.Contains(varied, "model") || l.Models != ""):
		l.fault("", "queries", "queries and model both vary: negative sampling at inference and in training must not share a table: want two sweeps")
	}
}

// base reports a baseline that matches no point.
func (l *planLint) base() {
	varied := l.Varied()
	for _, k := range slices.Sorted(maps.Keys(l.Baseline)) {
		if !slices.Contains(varied, k) {
			l.fault("baseline", k, "baseline.%s: the key does not vary", k)
			return
		}
	}
	if points := l.All(); !slices.ContainsFunc(points, func(p Point) bool { return p.Baseline }) {
		l.fault("baseline", slices.Sorted(maps.Keys(l.Baseline))[0], "baseline: no point has these values")
	}
}

// twice reports duplicate points.
func (l *planLint) twice() {
	varied := l.Varied()
	seen := map[string]bool{}
	for _, p := range l.All() {
		name := p.Name(varied)
		if seen[name] {
			l.fault("", "", "two points are the same: %s", name)
		}
		seen[name] = true
	}
}

// text returns a value of a key as a string. Strings and numbers are valid.
func text(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64), nil
	}
	return "", fmt.Errorf("%v: want a string or a number", v)
}

func texts(v any) string {
	s, _ := text(v) // lint reports the error
	return s
}

// line returns the line of a key in a table of the file, from 1; 0: not found.
func (s *Sweep) line(table, key string) int {
	at := ""
	for i, line := range strings.Split(s.text, "\n") {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]") && !strings.Contains(line, "=") {
			at = strings.Trim(line, "[] ")
			continue
		}
		name, _, is := strings.Cut(line, "=")
		if is && strings.Trim(name, ` "`) == key && (at == table || table == "" && at == "") {
			return i + 1
		}
	}
	return 0
}
