package distill

import (
	"cmp"
	"maps"
	"slices"

	"nerbench/answers"
)

// Summary describes constructed data: what its filters dropped, and its statistics.
type Summary struct {
	Dir     string  `json:"dir"`
	Teacher string  `json:"teacher"`
	Variant string  `json:"variant"` // of the teacher's prompt: type, definition
	Removed Removed `json:"removed"` // of the corpus
	// Passages are those of the sample, Unanswered those without an answer yet.
	Passages   int           `json:"passages"`
	Unanswered int           `json:"unanswered"`
	Filters    []FilterCount `json:"filters"`
	Table1     Table1        `json:"table1"`
	// Entities and Types are those of a kept passage.
	Entities Spread `json:"entities_a_passage"`
	Types    Spread `json:"types_a_passage"`
	// Ranks has the last rank of each frequency: the types before it, back to the rank before,
	// are equally frequent.
	Ranks   []Rank          `json:"ranks"`
	Sources []SourceSummary `json:"sources,omitempty"`
}

// FilterCount is the number of passages or entities that a filter dropped, or only counted.
type FilterCount struct {
	Filter Reason `json:"filter"`
	Of     string `json:"of"` // passages, entities
	Count  int    `json:"count"`
	// Kept is set for a filter that was only counted.
	Kept bool `json:"kept,omitempty"`
}

// Spread describes the numbers of a passage.
type Spread struct {
	Mean   float64 `json:"mean"`
	Median int     `json:"median"`
	Most90 int     `json:"percentile_90"`
	Most   int     `json:"most"`
}

// Rank is the number of entities of the type at a rank by frequency, from 1.
type Rank struct {
	Rank      int `json:"rank"`
	Frequency int `json:"frequency"`
}

// SourceSummary describes a part of the corpus.
type SourceSummary struct {
	Source   string   `json:"source"`
	Passages int      `json:"passages"` // of the sample
	Kept     int      `json:"kept"`
	Entities int      `json:"entities"`
	Types    int      `json:"types"`
	Top      []string `json:"top"` // the most frequent types, at most three
}

// filters are all filters, with what they drop, in the order in which they are printed.
var filters = []FilterCount{
	{Filter: Unparseable, Of: "passages"}, {Filter: NoEntityLeft, Of: "passages"},
	{Filter: BadPair, Of: "entities"}, {Filter: ElseType, Of: "entities"}, {Filter: NotEnglish, Of: "entities"}, {Filter: NotInPassage, Of: "entities"},
	{Filter: Repeat, Of: "entities"}, {Filter: Echo, Of: "entities"}, {Filter: Conflict, Of: "entities"},
}

// Summarize computes the summary of a folder.
func Summarize(f Folder) Summary {
	s := Summary{
		Dir: f.Name, Teacher: f.Corpus.Teacher.Model, Variant: f.Corpus.Teacher.Variant, Removed: f.Corpus.Removed,
		Passages: f.Passages, Unanswered: f.Unanswered(), Filters: slices.Clone(filters),
	}
	counts := f.Reasons()
	for i := range s.Filters {
		s.Filters[i].Count = counts[s.Filters[i].Filter]
		s.Filters[i].Kept = s.Filters[i].Filter == Conflict && !f.Corpus.Filters.DropConflicts
	}
	frequency := Frequency(f.Kept)
	s.Table1 = Statistics(frequency, len(f.Kept))
	var entities, types []int
	for _, k := range f.Kept {
		entities, types = append(entities, len(k.Entities)), append(types, len(k.Types()))
	}
	s.Entities, s.Types = spread(entities), spread(types)
	s.Ranks = ranks(frequency)
	return s
}

func spread(numbers []int) (s Spread) {
	if len(numbers) == 0 {
		return s
	}
	slices.Sort(numbers)
	sum := 0
	for _, n := range numbers {
		sum += n
	}
	last := len(numbers) - 1
	return Spread{float64(sum) / float64(len(numbers)), numbers[last/2], numbers[(9*len(numbers)+9)/10-1], numbers[last]}
}

// RankSteps are the ranks 1, 3, 10, 30 and so on, up to a number of types; all of them if
// they are few.
func RankSteps(types int) []int {
	const few = 12
	var steps []int
	for rank := 1; rank <= types; rank++ {
		if types <= few {
			steps = append(steps, rank)
		}
	}
	for power := 1; power <= types && types > few; power *= 10 {
		steps = append(steps, power)
		if 3*power <= types {
			steps = append(steps, 3*power)
		}
	}
	return steps
}

// ranks returns the last rank of each frequency.
func ranks(frequency map[string]int) []Rank {
	sorted := slices.Sorted(maps.Values(frequency))
	slices.Reverse(sorted)
	list := []Rank{}
	for i, n := range sorted {
		if i == len(sorted)-1 || n != sorted[i+1] {
			list = append(list, Rank{i + 1, n})
		}
	}
	return list
}

// At is the frequency of the type at a rank; ok is false if there are fewer types.
func (s *Summary) At(rank int) (frequency int, ok bool) {
	i, _ := slices.BinarySearchFunc(s.Ranks, rank, func(r Rank, rank int) int { return cmp.Compare(r.Rank, rank) })
	if i == len(s.Ranks) {
		return 0, false
	}
	return s.Ranks[i].Frequency, true
}

// topOfSource is the number of types that are named for a source.
const topOfSource = 3

// BySource describes the parts of the corpus, those with the most passages first. passages
// are all of the sample.
func BySource(passages []Passage, kept []*Kept) []SourceSummary {
	of := map[string]*SourceSummary{}
	frequency := map[string]map[string]int{}
	source := func(name string) *SourceSummary {
		if of[name] == nil {
			of[name], frequency[name] = &SourceSummary{Source: name}, map[string]int{}
		}
		return of[name]
	}
	for _, p := range passages {
		source(p.Source).Passages++
	}
	for _, k := range kept {
		s := source(k.Source)
		s.Kept++
		s.Entities += len(k.Entities)
		for _, e := range k.Entities {
			frequency[k.Source][e.Type]++
		}
	}
	var list []SourceSummary
	for name, s := range of {
		s.Types = len(frequency[name])
		s.Top = byFrequency(frequency[name])
		s.Top = append([]string{}, s.Top[:min(topOfSource, len(s.Top))]...)
		list = append(list, *s)
	}
	slices.SortFunc(list, func(a, b SourceSummary) int {
		return cmp.Or(cmp.Compare(b.Passages, a.Passages), cmp.Compare(a.Source, b.Source))
	})
	return list
}

// Agreement compares two folders on the passages that both have kept: what one teacher
// says, measured by the other.
type Agreement struct {
	A string `json:"a"`
	B string `json:"b"`
	// Both are passages that both kept; OnlyA and OnlyB are kept by one of them.
	Both  int `json:"passages"`
	OnlyA int `json:"only_a"`
	OnlyB int `json:"only_b"`
	// EntitiesA and EntitiesB are distinct pairs of string and type in these passages.
	EntitiesA int `json:"entities_a"`
	EntitiesB int `json:"entities_b"`
	// Equal pairs have the same string and, folded, the same type. Strings are in both with
	// any types: they are counted once for a passage, StringsA and StringsB are those of a
	// teacher.
	Equal    int `json:"equal"`
	Strings  int `json:"strings"`
	StringsA int `json:"strings_a"`
	StringsB int `json:"strings_b"`
	// Types are distinct folded types in both, of TypesA and TypesB.
	Types  int `json:"types"`
	TypesA int `json:"types_a"`
	TypesB int `json:"types_b"`
	// Pairs are the most frequent pairs of different types of one string.
	Pairs []TypePair `json:"pairs"`
}

// TypePair is a type of A and a type of B for one string.
type TypePair struct {
	A     string `json:"a"`
	B     string `json:"b"`
	Count int    `json:"count"`
}

// F1 is that of one teacher measured by the other: it is the same both ways. nil: no
// entities.
func F1(equal, a, b int) *float64 {
	if a+b == 0 {
		return nil
	}
	f := 2 * float64(equal) / float64(a+b)
	return &f
}

// pairsShown is the number of pairs of types that an agreement names.
const pairsShown = 10

// Agree compares two folders. Passages are the same if their ids and texts are.
func Agree(a, b Folder) Agreement {
	out := Agreement{A: a.Name, B: b.Name, Pairs: []TypePair{}}
	others := map[string]*Kept{}
	for _, k := range b.Kept {
		others[k.ID] = k
	}
	typesA, typesB := map[string]bool{}, map[string]bool{}
	pairs := map[[2]string]int{}
	for _, k := range a.Kept {
		other := others[k.ID]
		if other == nil || other.Text != k.Text {
			out.OnlyA++
			continue
		}
		out.Both++
		out.add(foldedTypes(k, typesA), foldedTypes(other, typesB), pairs)
	}
	out.OnlyB = len(b.Kept) - out.Both
	out.TypesA, out.TypesB = len(typesA), len(typesB)
	for t := range typesA {
		if typesB[t] {
			out.Types++
		}
	}
	for p, n := range pairs {
		out.Pairs = append(out.Pairs, TypePair{p[0], p[1], n})
	}
	slices.SortFunc(out.Pairs, func(p, q TypePair) int {
		return cmp.Or(cmp.Compare(q.Count, p.Count), cmp.Compare(p.A, q.A), cmp.Compare(p.B, q.B))
	})
	out.Pairs = out.Pairs[:min(pairsShown, len(out.Pairs))]
	return out
}

// foldedTypes lists the folded types of each string of a passage, and adds them to seen.
func foldedTypes(k *Kept, seen map[string]bool) map[string][]string {
	types := map[string][]string{}
	for _, e := range k.Entities {
		folded := answers.Fold(e.Type)
		seen[folded] = true
		if !slices.Contains(types[e.Text], folded) {
			types[e.Text] = append(types[e.Text], folded)
		}
	}
	return types
}

// add compares the types of the strings of one passage.
func (g *Agreement) add(a, b map[string][]string, pairs map[[2]string]int) {
	g.StringsA += len(a)
	g.StringsB += len(b)
	for _, types := range b {
		g.EntitiesB += len(types)
	}
	for text, types := range a {
		g.EntitiesA += len(types)
		others := b[text]
		if others == nil {
			continue
		}
		g.Strings++
		for _, t := range types {
			if slices.Contains(others, t) {
				g.Equal++
				continue
			}
			for _, other := range others {
				if !slices.Contains(types, other) {
					pairs[[2]string{t, other}]++
				}
			}
		}
	}
}
