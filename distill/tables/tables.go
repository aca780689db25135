// Package tables lays out the statistics of constructed data: Table 1 of the UniversalNER
// paper beside the published one, what the filters dropped, entities and types of a
// passage, types by rank, the parts of the corpus, and the agreement of two teachers.
package tables

import (
	"io"
	"strconv"
	"strings"

	"nerbench/distill"
	"nerbench/ner"
	"nerbench/reports"
)

// Statistics are those of one or more folders of constructed data.
type Statistics struct {
	Folders []distill.Summary `json:"folders"`
	// Published is Table 1 of the paper.
	Published distill.Table1 `json:"published"`
	// Agreement compares two folders; nil: there are not two.
	Agreement *distill.Agreement `json:"agreement,omitempty"`
}

// Published is Table 1 of the paper (docs/spec/prompts.md §6.4).
func Published() distill.Table1 {
	return distill.Table1{Passages: 45_889, Entities: 240_725, Types: 13_020, Ranges: [3]distill.Range{
		{Types: 131, Share: 0.74, Top: strings.Split("person, organization, location, date, concept, product, event, technology, group, medical condition", ", ")},
		{Types: 1171, Share: 0.19, Top: []string{}},
		{Types: 11718, Share: 0.07, Top: []string{}},
	}}
}

// Exhibit lays out all statistics.
func (s *Statistics) Exhibit() reports.Exhibit {
	grids := append(s.Table1(), s.filters(), s.spreads())
	for _, f := range s.Folders {
		if f.Sources != nil {
			grids = append(grids, sources(f, len(s.Folders) > 1))
		}
	}
	if s.Agreement != nil {
		grids = append(grids, agreement(s.Agreement)...)
	}
	return reports.Exhibit{Name: "distill-stats", Title: "Constructed data", Grids: grids, Figure: s.figure(), JSON: s}
}

// Write prints all statistics in one of [reports.ExhibitFormats]. CSV has one line for each
// number.
func (s *Statistics) Write(w io.Writer, format string, latex reports.Latex) error {
	if format == "csv" {
		return reports.WriteCSV(w, s.records())
	}
	x := s.Exhibit()
	x.Latex = latex
	return x.Write(w, format)
}

// Table1 lays out Table 1: the published one and those of the folders.
func (s *Statistics) Table1() []reports.Grid {
	all := []column{{"UniversalNER paper", s.Published}}
	for _, f := range s.Folders {
		all = append(all, column{f.Dir, f.Table1})
	}
	counts := reports.Grid{
		Title:  "Table 1: constructed data",
		Header: []string{"data", "passages", "entities", "types", "entities a passage"},
	}
	ranges := reports.Grid{
		Title: "Table 1: types by frequency", Labels: 2,
		Header: []string{"types", "data", "number", "% of entities"},
	}
	for i, c := range all {
		counts.Body = append(counts.Body, []string{c.name, strconv.Itoa(c.table.Passages), strconv.Itoa(c.table.Entities), strconv.Itoa(c.table.Types), mean(c.table.Entities, c.table.Passages)})
		counts.Published = append(counts.Published, i == 0)
	}
	for r, name := range rangeNames {
		for i, c := range all {
			of := c.table.Ranges[r]
			share := reports.Percent(&of.Share)
			if i == 0 {
				share = strings.TrimSuffix(share, ".0") // as printed
			}
			ranges.Body = append(ranges.Body, []string{name, c.name, strconv.Itoa(of.Types), share})
			ranges.Published = append(ranges.Published, i == 0)
			if len(of.Top) > 0 {
				ranges.Notes = append(ranges.Notes, name+", "+c.name+": "+shortNames(of.Top))
			}
		}
	}
	ranges.Notes = append(ranges.Notes, "types are compared as exact strings; their ranges end at 1 % and 10 % of the number of types, rounded up")
	return []reports.Grid{counts, ranges}
}

// column is a Table 1 with its name.
type column struct {
	name  string
	table distill.Table1
}

// rangeNames are those of the parts of the types by frequency.
var rangeNames = [3]string{"first 1 %", "1 % to 10 %", "10 % to 100 %"}

func names(types []string) string {
	if len(types) == 0 {
		return reports.Undefined
	}
	return strings.Join(types, ", ")
}

// shortNames is [names] for people: a type that is a sentence may have any length.
func shortNames(types []string) string {
	shown := make([]string, len(types))
	for i, name := range types {
		if shown[i] = name; len(name) > longestName {
			end := longestName
			for !ner.Boundary(name, end) {
				end--
			}
			shown[i] = name[:end] + "…"
		}
	}
	return names(shown)
}

// longestName is the number of bytes of a type that are printed in tables. CSV for
// programs and JSON have all of it.
const longestName = 120

// mean prints a sum over n, with one decimal.
func mean(sum, n int) string {
	if n == 0 {
		return reports.Undefined
	}
	return reports.OneDecimal(float64(sum) / float64(n))
}

// filters counts what became of the parts of the corpus, the passages and the entities.
func (s *Statistics) filters() reports.Grid {
	g := reports.Grid{Title: "Filters", Header: []string{"of", "filter"}, Labels: 2}
	line := func(of, name string, count func(f *distill.Summary) int) {
		cells := []string{of, name}
		for i := range s.Folders {
			cells = append(cells, strconv.Itoa(count(&s.Folders[i])))
		}
		g.Body = append(g.Body, cells)
	}
	for _, f := range s.Folders {
		g.Header = append(g.Header, f.Dir)
	}
	line("corpus", "all parts", func(f *distill.Summary) int { return f.Removed.Parts })
	line("corpus", "blank", func(f *distill.Summary) int { return f.Removed.Blank })
	line("corpus", "contaminated", func(f *distill.Summary) int { return f.Removed.Contaminated })
	line("corpus", "repeated", func(f *distill.Summary) int { return f.Removed.Repeated })
	line("passages", "sample", func(f *distill.Summary) int { return f.Passages })
	line("passages", "no answer yet", func(f *distill.Summary) int { return f.Unanswered })
	for i := range s.Folders[0].Filters {
		first := s.Folders[0].Filters[i]
		if first.Of == "entities" && s.Folders[0].Filters[i-1].Of == "passages" {
			line("passages", "kept", func(f *distill.Summary) int { return f.Table1.Passages })
		}
		line(first.Of, string(first.Filter), func(f *distill.Summary) int { return f.Filters[i].Count })
		for _, f := range s.Folders {
			if f.Filters[i].Kept && f.Filters[i].Count > 0 {
				g.Notes = append(g.Notes, f.Dir+": entities of "+string(first.Filter)+" were counted, and kept")
			}
		}
	}
	line("entities", "kept", func(f *distill.Summary) int { return f.Table1.Entities })
	return g
}

// spreads describes the entities and the types of a passage.
func (s *Statistics) spreads() reports.Grid {
	g := reports.Grid{Title: "A kept passage", Header: []string{"of a passage", "data", "mean", "median", "90 % have at most", "most"}, Labels: 2}
	for _, what := range []string{"entities", "types"} {
		for _, f := range s.Folders {
			x := f.Entities
			if what == "types" {
				x = f.Types
			}
			g.Body = append(g.Body, []string{what, f.Dir, reports.OneDecimal(x.Mean), strconv.Itoa(x.Median), strconv.Itoa(x.Most90), strconv.Itoa(x.Most)})
		}
	}
	return g
}

// sources describes the parts of the corpus.
func sources(f distill.Summary, named bool) reports.Grid {
	g := reports.Grid{Title: "Sources", Header: []string{"source", "passages", "kept", "entities", "types", "entities a passage", "most frequent"}}
	if named {
		g.Title += " of " + f.Dir
	}
	for _, x := range f.Sources {
		g.Body = append(g.Body, []string{reports.Label(x.Source), strconv.Itoa(x.Passages), strconv.Itoa(x.Kept), strconv.Itoa(x.Entities), strconv.Itoa(x.Types), mean(x.Entities, x.Kept), shortNames(x.Top)})
	}
	return g
}

// agreement compares two teachers.
func agreement(a *distill.Agreement) []reports.Grid {
	g := reports.Grid{
		Title:  "Agreement of two teachers",
		Header: []string{"", "both", a.A, a.B, "F1"},
		Body: [][]string{
			{"passages", strconv.Itoa(a.Both), strconv.Itoa(a.Both + a.OnlyA), strconv.Itoa(a.Both + a.OnlyB), ""},
			agreed("entities with types", a.Equal, a.EntitiesA, a.EntitiesB),
			agreed("entities", a.Strings, a.StringsA, a.StringsB),
			agreed("types", a.Types, a.TypesA, a.TypesB),
		},
		Notes: []string{"entities and types of passages that both kept; types are compared in folded form; F1 is that of one teacher measured by the other"},
	}
	if len(a.Pairs) == 0 {
		return []reports.Grid{g}
	}
	pairs := reports.Grid{Title: "One entity, two types", Header: []string{a.A, a.B, "entities"}, Labels: 2}
	for _, p := range a.Pairs {
		pairs.Body = append(pairs.Body, []string{p.A, p.B, strconv.Itoa(p.Count)})
	}
	return []reports.Grid{g, pairs}
}

func agreed(what string, both, a, b int) []string {
	return []string{what, strconv.Itoa(both), strconv.Itoa(a), strconv.Itoa(b), reports.Percent(distill.F1(both, a, b))}
}

// figure draws the frequencies of types by rank, both logarithmic.
func (s *Statistics) figure() *reports.Figure {
	f := &reports.Figure{Title: "Types by rank", Unit: "entities of the type", Lines: true, Log: true, Notes: []string{"below: rank of the type by frequency"}}
	most := 0
	for _, folder := range s.Folders {
		most = max(most, folder.Table1.Types)
	}
	steps := distill.RankSteps(most)
	for _, rank := range steps {
		f.Categories = append(f.Categories, strconv.Itoa(rank))
	}
	for i := range s.Folders {
		series := reports.Series{Name: s.Folders[i].Dir}
		for _, rank := range steps {
			var value *float64
			if n, ok := s.Folders[i].At(rank); ok {
				v := float64(n)
				value = &v
			}
			series.Values = append(series.Values, value)
		}
		f.Series = append(f.Series, series)
	}
	return f
}
