package paper

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"nerbench/ner"
	"nerbench/reports"
)

// ownForms are the tables of own runs beside an example or a drawing of the paper.
var ownForms = map[string]func([]reports.Result, reports.Spec) reports.Grid{
	"dataset_line": ownDatasetLine,
	"paraphrase":   ownParaphrases,
}

// fixedGrid is the table of an item that the paper prints as an example.
func (t *Table) fixedGrid() reports.Grid {
	g := reports.Grid{Title: t.Title, Header: t.item.Header, Body: t.item.Fixed, Labels: len(t.item.Header), Notes: t.footnotes(), Records: reports.Records{t.item.Header}}
	for _, cells := range t.item.Fixed {
		g.Published = append(g.Published, true)
		line := make([]string, len(cells))
		for i, cell := range cells {
			line[i] = fraction(cell)
		}
		g.Records = append(g.Records, line)
	}
	g.Notes = append(g.Notes, t.Notes...)
	return g
}

// printedNumber is a percentage or a difference in points, as the paper prints them.
var printedNumber = regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]+)?( %)?$`)

// fraction returns a printed number divided by 100, an empty text for a dash, and other
// texts as they are.
func fraction(cell string) string {
	if cell == "–" {
		return ""
	}
	if !printedNumber.MatchString(cell) {
		return cell
	}
	v, err := strconv.ParseFloat(strings.TrimSuffix(cell, " %"), 64)
	if err != nil {
		return cell
	}
	v = reports.FromPercent(v)
	return reports.Fraction(&v)
}

// paired groups runs that differ in one property only. The first run of a group does
// not have the property, the others have it. without removes the keys of the property.
func paired(results []reports.Result, has func(reports.Result) bool, without func(keys map[string]string)) [][]reports.Result {
	groups := map[string][]reports.Result{}
	for _, r := range results {
		keys := maps.Clone(r.Keys)
		without(keys)
		var id strings.Builder
		for _, k := range ner.Keys {
			fmt.Fprintf(&id, "%s=%s\n", k.Name, keys[k.Name])
		}
		groups[id.String()] = append(groups[id.String()], r)
	}
	var out [][]reports.Result
	for _, id := range slices.Sorted(maps.Keys(groups)) {
		group := groups[id]
		base := slices.IndexFunc(group, func(r reports.Result) bool { return !has(r) })
		if base < 0 || len(group) < 2 {
			continue
		}
		list := []reports.Result{group[base]}
		for i, r := range group {
			if i != base && has(r) {
				list = append(list, r)
			}
		}
		out = append(out, list)
	}
	return out
}

// ownDatasetLine compares runs with a dataset line with those without.
func ownDatasetLine(results []reports.Result, spec reports.Spec) reports.Grid {
	g := reports.Grid{Title: "own runs: F1 with the dataset line", Header: []string{"model", "dataset", "variant", "without", "with", "difference"}, Labels: 3}
	g.Records = reports.Records{append(slices.Clone(g.Header), "note")}
	marks := reports.Marks{Numbered: true}
	has := func(r reports.Result) bool { return strings.Contains(r.Keys["variant"], "+") }
	without := func(keys map[string]string) {
		keys["variant"], _, _ = strings.Cut(keys["variant"], "+")
		delete(keys, "dataset_name")
	}
	for _, group := range paired(results, has, without) {
		base := ratioOf(spec, group[0])
		for _, r := range group[1:] {
			with := ratioOf(spec, r)
			variant := r.Keys["variant"]
			if n := r.Keys["dataset_name"]; n != "" {
				variant += " " + n
			}
			addPair(&g, &marks, []string{r.Keys[reports.KeyModel], r.Keys[reports.KeyDataset], variant}, group[0], r, base, with)
		}
	}
	g.Notes = marks.Notes()
	return g
}

// ownParaphrases compares F1 of a type when the prompt names the type differently.
func ownParaphrases(results []reports.Result, spec reports.Spec) reports.Grid {
	g := reports.Grid{Title: "own runs: F1 of a type by the name that it is asked by", Header: []string{"model", "dataset", "type", "asked as", "own name", "this name", "difference"}, Labels: 4}
	g.Records = reports.Records{append(slices.Clone(g.Header), "note")}
	marks := reports.Marks{Numbered: true}
	has := func(r reports.Result) bool { return r.Keys["paraphrase"] != "" }
	for _, group := range paired(results, has, func(keys map[string]string) { delete(keys, "paraphrase") }) {
		for _, r := range group[1:] {
			typ, name, _ := strings.Cut(r.Keys["paraphrase"], "=")
			t := ner.EntityType(typ)
			base, this := ofType(spec, group[0], t), ofType(spec, r, t)
			addPair(&g, &marks, []string{r.Keys[reports.KeyModel], r.Keys[reports.KeyDataset], typ, name}, group[0], r, base, this)
		}
	}
	g.Notes = marks.Notes()
	return g
}

func ratioOf(spec reports.Spec, r reports.Result) *float64 {
	s, there := r.Scores[spec.Metrics[0]]
	if !there {
		return nil
	}
	_, _, f1 := spec.Ratios(spec.Metrics[0], s)
	return f1
}

func ofType(spec reports.Spec, r reports.Result, t ner.EntityType) *float64 {
	s, there := r.ByType[spec.Metrics[0]][t]
	if !there {
		return nil
	}
	_, _, f1 := spec.Ratios(spec.Metrics[0], s)
	return f1
}

// addPair adds the values of two runs to a grid, and their difference. An incomplete run
// has other passages than the run that it is paired with: there is no difference then.
func addPair(g *reports.Grid, marks *reports.Marks, labels []string, a, b reports.Result, valueA, valueB *float64) {
	ofA, ofB := a.Coverage(), b.Coverage()
	valueA, valueB = ofA.Value(valueA), ofB.Value(valueB)
	var difference *float64
	if valueA != nil && valueB != nil && ofA.Whole() && ofB.Whole() {
		d := *valueB - *valueA
		difference = &d
	}
	g.Body = append(g.Body, append(slices.Clone(labels), ofA.Print(valueA, a.Seen, marks), ofB.Print(valueB, b.Seen, marks), reports.Points(difference)))
	notes := slices.DeleteFunc([]string{a.Note(), b.Note()}, func(n string) bool { return n == "" })
	g.Records = append(g.Records, append(slices.Clone(labels),
		reports.Fraction(valueA), reports.Fraction(valueB), reports.Fraction(difference), strings.Join(slices.Compact(notes), "; ")))
}
