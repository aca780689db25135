package tables

import (
	"strconv"

	"nerbench/distill"
	"nerbench/reports"
)

// records are the statistics in long form: a line for each number. share is a part of all
// entities; types are the most frequent ones, joined as in the tables.
func (s *Statistics) records() reports.Records {
	r := reports.Records{{"data", "table", "of", "name", "value", "share", "types"}}
	add := func(data, table, of, name string, value int) {
		r = append(r, []string{data, table, of, name, strconv.Itoa(value), "", ""})
	}
	table1 := func(data string, t distill.Table1) {
		add(data, "table1", "", "passages", t.Passages)
		add(data, "table1", "", "entities", t.Entities)
		add(data, "table1", "", "types", t.Types)
		for i, of := range t.Ranges {
			types := ""
			if len(of.Top) > 0 {
				types = names(of.Top)
			}
			r = append(r, []string{data, "table1", "types", rangeNames[i], strconv.Itoa(of.Types), reports.Fraction(&of.Share), types})
		}
	}
	table1("published", s.Published)
	for _, f := range s.Folders {
		table1(f.Dir, f.Table1)
		for _, removed := range []struct {
			name  string
			count int
		}{{"parts", f.Removed.Parts}, {"blank", f.Removed.Blank}, {"contaminated", f.Removed.Contaminated}, {"repeated", f.Removed.Repeated}} {
			add(f.Dir, "filters", "corpus", removed.name, removed.count)
		}
		add(f.Dir, "filters", "passages", "sample", f.Passages)
		add(f.Dir, "filters", "passages", "unanswered", f.Unanswered)
		for _, x := range f.Filters {
			add(f.Dir, "filters", x.Of, string(x.Filter), x.Count)
		}
		for _, x := range []struct {
			of     string
			spread distill.Spread
		}{{"entities", f.Entities}, {"types", f.Types}} {
			r = append(r, []string{f.Dir, "passage", x.of, "mean", reports.Fraction(&x.spread.Mean), "", ""})
			add(f.Dir, "passage", x.of, "median", x.spread.Median)
			add(f.Dir, "passage", x.of, "percentile_90", x.spread.Most90)
			add(f.Dir, "passage", x.of, "most", x.spread.Most)
		}
		for _, x := range f.Ranks {
			add(f.Dir, "ranks", "types", strconv.Itoa(x.Rank), x.Frequency)
		}
		for _, x := range f.Sources {
			add(f.Dir, "sources", x.Source, "passages", x.Passages)
			add(f.Dir, "sources", x.Source, "kept", x.Kept)
			add(f.Dir, "sources", x.Source, "entities", x.Entities)
			add(f.Dir, "sources", x.Source, "types", x.Types)
		}
	}
	if a := s.Agreement; a != nil {
		for _, x := range []struct {
			name       string
			both, a, b int
		}{{"passages", a.Both, a.Both + a.OnlyA, a.Both + a.OnlyB}, {"entities_with_types", a.Equal, a.EntitiesA, a.EntitiesB}, {"entities", a.Strings, a.StringsA, a.StringsB}, {"types", a.Types, a.TypesA, a.TypesB}} {
			add("both", "agreement", "", x.name, x.both)
			add(a.A, "agreement", "", x.name, x.a)
			add(a.B, "agreement", "", x.name, x.b)
		}
		for _, p := range a.Pairs {
			add("both", "pairs", p.A, p.B, p.Count)
		}
	}
	return r
}
