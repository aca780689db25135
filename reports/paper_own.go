package reports

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"nerbench/ner"
)

// ownForms lay own runs out where the paper has an example or a drawing.
var ownForms = map[string]func([]Result, Spec) Grid{
	"dataset_line": ownDatasetLine,
	"paraphrase":   ownParaphrases,
}

// fixedGrid is an item that the paper prints as an example: its cells, and own runs
// in a table of their own.
func (t *PaperTable) fixedGrid() Grid {
	g := Grid{Title: t.Title, Header: t.item.Header, Body: t.item.Fixed, Labels: len(t.item.Header), Notes: t.footnotes()}
	for range t.item.Fixed {
		g.Published = append(g.Published, true)
	}
	g.Notes = append(g.Notes, t.Notes...)
	return g
}

// paired finds runs that are the same without what is looked at: the one that does
// not have it, and those that have. without are the keys of a run with nothing of
// it.
func paired(results []Result, has func(Result) bool, without func(keys map[string]string)) [][]Result {
	groups := map[string][]Result{}
	for _, r := range results {
		keys := maps.Clone(r.Keys)
		without(keys)
		var id strings.Builder
		for _, k := range ner.Keys {
			fmt.Fprintf(&id, "%s=%s\n", k.Name, keys[k.Name])
		}
		groups[id.String()] = append(groups[id.String()], r)
	}
	var out [][]Result
	for _, id := range sortedKeys(groups) {
		group := groups[id]
		base := slices.IndexFunc(group, func(r Result) bool { return !has(r) })
		if base < 0 || len(group) < 2 {
			continue
		}
		list := []Result{group[base]}
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
func ownDatasetLine(results []Result, spec Spec) Grid {
	g := Grid{Title: "own runs: F1 with the dataset line", Header: []string{"model", "dataset", "variant", "without", "with", "difference"}, Labels: 3}
	has := func(r Result) bool { return strings.Contains(r.Keys["variant"], "+") }
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
			g.Body = append(g.Body, []string{r.Keys[KeyModel], r.Keys[KeyDataset], variant, Percent(base), Percent(with), differenceText(base, with)})
		}
	}
	return g
}

// ownParaphrases compares what is found of a type under other names.
func ownParaphrases(results []Result, spec Spec) Grid {
	g := Grid{Title: "own runs: F1 of a type by the name that it is asked by", Header: []string{"model", "dataset", "type", "asked as", "own name", "this name", "difference"}, Labels: 4}
	has := func(r Result) bool { return r.Keys["paraphrase"] != "" }
	for _, group := range paired(results, has, func(keys map[string]string) { delete(keys, "paraphrase") }) {
		for _, r := range group[1:] {
			typ, name, _ := strings.Cut(r.Keys["paraphrase"], "=")
			t := ner.EntityType(typ)
			base, this := ofType(spec, group[0], t), ofType(spec, r, t)
			g.Body = append(g.Body, []string{r.Keys[KeyModel], r.Keys[KeyDataset], typ, name, Percent(base), Percent(this), differenceText(base, this)})
		}
	}
	return g
}

func ratioOf(spec Spec, r Result) *float64 {
	s, there := r.Scores[spec.Metrics[0]]
	if !there {
		return nil
	}
	_, _, f1 := spec.Ratios(spec.Metrics[0], s)
	return f1
}

func ofType(spec Spec, r Result, t ner.EntityType) *float64 {
	s, there := r.ByType[spec.Metrics[0]][t]
	if !there {
		return nil
	}
	_, _, f1 := spec.Ratios(spec.Metrics[0], s)
	return f1
}

// differenceText is what b is above a, in points.
func differenceText(a, b *float64) string {
	if a == nil || b == nil {
		return undefined
	}
	d := *b - *a
	return Points(&d)
}
