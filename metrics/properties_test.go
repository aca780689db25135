package metrics_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"nerbench/metrics"
	"nerbench/ner"
)

// The properties of docs/spec/metrics.md §13 that concern counts, each on many
// random passages, including difficult ones.

var texts = []string{
	"", "x", "   ", "May in May", "aaaa aaaa", "İstanbul, ΣΑΣ and ß", "日本語 の テキスト",
	"naïve café a\u0301b", "👨‍👩‍👧 family \U0001F600", "tab\tand\nline", "benzo[a]pyrene \"quoted\" \\",
}

var types = []ner.EntityType{"person", "place", "work of art", "?", "", "日本"}

var items = []string{"", "a", "york", "new york", "york city", "日本", "ς", "\xed\xa0\x80", "x y z"}

// randomPassage makes a passage with spans inside and outside its text, duplicates,
// unaligned mentions, and queries of strings.
func randomPassage(rng *rand.Rand) *metrics.Passage {
	p := &metrics.Passage{Text: texts[rng.IntN(len(texts))]}
	for range rng.IntN(6) {
		if s := randomSpan(rng, p.Text); ner.ValidSpan(p.Text, s) { // loaders reject such gold
			p.Gold = append(p.Gold, s)
		}
	}
	for range rng.IntN(6) {
		p.Pred = append(p.Pred, randomSpan(rng, p.Text))
	}
	if len(p.Gold) > 0 {
		p.Pred = append(p.Pred, p.Gold[rng.IntN(len(p.Gold))])
	}
	for range rng.IntN(3) {
		p.Unaligned = append(p.Unaligned, ner.Mention{Text: pick(rng, items), Type: pick(rng, types)})
	}
	for range rng.IntN(3) {
		q := metrics.Strings{Type: pick(rng, types), Pred: randomItems(rng), Gold: randomItems(rng)}
		p.Published = append(p.Published, q)
		p.Lenient = append(p.Lenient, q)
	}
	p.Items = map[metrics.Protocol]metrics.Items{}
	for _, m := range metrics.Metrics {
		if m.Protocol != "" {
			p.Items[m.Protocol] = metrics.Items{Pred: randomMentions(rng), Gold: randomMentions(rng)}
		}
	}
	return p
}

// randomMentions are a few items of a preset, sometimes very many.
func randomMentions(rng *rand.Rand) []ner.Mention {
	texts, n := append([]string{"none"}, items...), rng.IntN(6)
	if rng.IntN(20) == 0 {
		n = 300
		for i := range 100 {
			texts = append(texts, fmt.Sprint(i))
		}
	}
	list := make([]ner.Mention, n)
	for i := range list {
		list[i] = ner.Mention{Text: pick(rng, texts), Type: pick(rng, types)}
	}
	return list
}

// withItems is a passage whose items are changed by protocol.
func withItems(p *metrics.Passage, change func(metrics.Items) metrics.Items) map[metrics.Protocol]metrics.Items {
	changed := map[metrics.Protocol]metrics.Items{}
	for protocol, items := range p.Items {
		changed[protocol] = change(items)
	}
	return changed
}

// countsRepeats reports whether a preset compares multisets (docs/spec/metrics.md
// §9.3).
func countsRepeats(m metrics.Metric) bool {
	return m.Protocol == metrics.GoLLIE || m.Protocol == metrics.GoLLIEUnfiltered
}

func randomSpan(rng *rand.Rand, text string) ner.Span {
	n := len(text) + 3
	start := rng.IntN(n) - 1
	return ner.Span{Start: start, End: start + rng.IntN(n) - 1, Type: pick(rng, types)}
}

func randomItems(rng *rand.Rand) []string {
	var list []string
	for range rng.IntN(5) {
		list = append(list, pick(rng, items))
	}
	return list
}

func pick[T any](rng *rand.Rand, from []T) T { return from[rng.IntN(len(from))] }

// forEachMetric runs a property on many random passages under every metric.
func forEachMetric(t *testing.T, property func(t *testing.T, m metrics.Metric, p *metrics.Passage, rng *rand.Rand)) {
	for _, m := range metrics.Metrics {
		t.Run(m.ID, func(t *testing.T) {
			for seed := range uint64(500) {
				rng := rand.New(rand.NewPCG(seed, 1))
				property(t, m, randomPassage(rng), rng)
				if t.Failed() {
					t.Fatalf("seed %d", seed)
				}
			}
		})
	}
}

// TestOrderChangesNothing tests property 2 of docs/spec/metrics.md §13.
func TestOrderChangesNothing(t *testing.T) {
	forEachMetric(t, func(t *testing.T, m metrics.Metric, p *metrics.Passage, rng *rand.Rand) {
		want, errors := m.Count(p), metrics.Classify(p)
		q := *p
		q.Gold, q.Pred, q.Unaligned = shuffled(rng, p.Gold), shuffled(rng, p.Pred), shuffled(rng, p.Unaligned)
		q.Published, q.Lenient = shuffled(rng, p.Published), shuffled(rng, p.Lenient)
		for i := range q.Published {
			q.Published[i].Pred = shuffled(rng, q.Published[i].Pred)
			q.Published[i].Gold = shuffled(rng, q.Published[i].Gold)
		}
		q.Items = withItems(p, func(i metrics.Items) metrics.Items {
			return metrics.Items{Pred: shuffled(rng, i.Pred), Gold: shuffled(rng, i.Gold)}
		})
		if got := m.Count(&q); !reflect.DeepEqual(got, want) {
			t.Errorf("counts are %+v, in another order %+v", want, got)
		}
		if got := metrics.Classify(&q); !reflect.DeepEqual(got, errors) {
			t.Errorf("taxonomy is %+v, in another order %+v", errors, got)
		}
	})
}

func shuffled[T any](rng *rand.Rand, list []T) []T {
	list = slices.Clone(list)
	rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

// TestDuplicatesChangeNoScore tests property 3 of docs/spec/metrics.md §13. If a
// metric counts duplicates, all counts are doubled.
func TestDuplicatesChangeNoScore(t *testing.T) {
	forEachMetric(t, func(t *testing.T, m metrics.Metric, p *metrics.Passage, rng *rand.Rand) {
		want, errors := m.Count(p), metrics.Classify(p)
		q := *p
		q.Gold, q.Pred = doubled(p.Gold), doubled(p.Pred)
		q.Published, q.Lenient = doubledQueries(p.Published), doubledQueries(p.Lenient)
		q.Items = withItems(p, func(i metrics.Items) metrics.Items {
			return metrics.Items{Pred: doubled(i.Pred), Gold: doubled(i.Gold)}
		})
		got := m.Count(&q)
		if countsRepeats(m) {
			for typ, s := range want.ByType {
				want.ByType[typ] = s.Add(s)
			}
		}
		if !reflect.DeepEqual(got.ByType, want.ByType) {
			t.Errorf("score is %+v, with duplicates %+v", want.ByType, got.ByType)
		}
		if m.ID == "span_f1" && (got.DuplicateGold != want.DuplicateGold+len(p.Gold) || got.DuplicatePred != want.DuplicatePred+len(p.Pred)) {
			t.Errorf("duplicates are not counted: %+v, then %+v", want, got)
		}
		if got := metrics.Classify(&q); !reflect.DeepEqual(got, errors) {
			t.Errorf("taxonomy is %+v, with duplicates %+v", errors, got)
		}
	})
}

func doubled[T any](list []T) []T { return append(slices.Clone(list), list...) }

func doubledQueries(queries []metrics.Strings) []metrics.Strings {
	queries = slices.Clone(queries)
	for i, q := range queries {
		queries[i].Pred, queries[i].Gold = doubled(q.Pred), doubled(q.Gold)
	}
	return queries
}

// TestNoPredictions tests property 4 of docs/spec/metrics.md §13, with the
// undefined ratios of §1.2.
func TestNoPredictions(t *testing.T) {
	forEachMetric(t, func(t *testing.T, m metrics.Metric, p *metrics.Passage, _ *rand.Rand) {
		p.Pred, p.Unaligned = nil, nil
		for i := range p.Published {
			p.Published[i].Pred, p.Lenient[i].Pred = nil, nil
		}
		p.Items = withItems(p, func(i metrics.Items) metrics.Items { return metrics.Items{Gold: i.Gold} })
		total := m.Count(p).ByType.Total()
		if total.TP != 0 || total.NPred != 0 {
			t.Errorf("counts are %+v, want no prediction", total)
		}
		if f1 := m.Ratios(total).F1; f1.Value != 0 {
			t.Errorf("F1 is %v, want 0", f1)
		}
	})
}

// TestEmptyPassage tests property 4 of docs/spec/metrics.md §13: an empty passage.
func TestEmptyPassage(t *testing.T) {
	for _, m := range metrics.Metrics {
		t.Run(m.ID, func(t *testing.T) {
			if got := m.Count(&metrics.Passage{Text: "May"}).ByType.Total(); got != (ner.Score{}) {
				t.Errorf("counts are %+v", got)
			}
			r := m.Ratios(ner.Score{})
			if r.Precision.Value != 0 || r.Recall.Value != 0 || r.F1.Value != 0 {
				t.Errorf("ratios of no counts are %+v", r)
			}
		})
	}
}

// TestSymmetry tests property 5 of docs/spec/metrics.md §13.
func TestSymmetry(t *testing.T) {
	forEachMetric(t, func(t *testing.T, m metrics.Metric, p *metrics.Passage, _ *rand.Rand) {
		p.Unaligned = nil // there is no unaligned gold
		p.Pred = slices.DeleteFunc(p.Pred, func(s ner.Span) bool { return !ner.ValidSpan(p.Text, s) })
		q := *p
		q.Gold, q.Pred = p.Pred, p.Gold
		q.Published, q.Lenient = swapped(p.Published), swapped(p.Lenient)
		q.Items = withItems(p, func(i metrics.Items) metrics.Items { return metrics.Items{Pred: i.Gold, Gold: i.Pred} })
		a, b := m.Count(p).ByType.Total(), m.Count(&q).ByType.Total()
		if b != (ner.Score{TP: a.TP, NPred: a.NGold, NGold: a.NPred}) {
			t.Errorf("counts are %+v, exchanged %+v", a, b)
		}
		ra, rb := m.Ratios(a), m.Ratios(b)
		if ra.Precision != rb.Recall || ra.Recall != rb.Precision || ra.F1 != rb.F1 {
			t.Errorf("ratios are %+v, exchanged %+v", ra, rb)
		}
		ea, eb := metrics.Classify(p).Total(), metrics.Classify(&q).Total()
		if ea.MIS != eb.SPU || ea.SPU != eb.MIS || ea.MISOverlapped != eb.SPUOverlapping {
			t.Errorf("errors are %+v, exchanged %+v", ea, eb)
		}
	})
}

func swapped(queries []metrics.Strings) []metrics.Strings {
	queries = slices.Clone(queries)
	for i, q := range queries {
		queries[i].Pred, queries[i].Gold = q.Gold, q.Pred
	}
	return queries
}

// TestMonotony tests property 6 of docs/spec/metrics.md §13.
func TestMonotony(t *testing.T) {
	for _, m := range metrics.Metrics {
		t.Run(m.ID, func(t *testing.T) {
			for seed := range uint64(500) {
				rng := rand.New(rand.NewPCG(seed, 2))
				p := randomPassage(rng)
				p.Text += " end"
				before := m.Ratios(m.Count(p).ByType.Total()).F1.Value

				right := *p
				s := ner.Span{Start: len(p.Text) - 3, End: len(p.Text), Type: "new"}
				right.Gold, right.Pred = append(slices.Clone(p.Gold), s), append(slices.Clone(p.Pred), s)
				right.Published = append(slices.Clone(p.Published), metrics.Strings{Type: "new", Gold: []string{"end"}, Pred: []string{"end"}})
				right.Lenient = right.Published
				item := ner.Mention{Text: "end", Type: "new"}
				right.Items = withItems(p, func(i metrics.Items) metrics.Items {
					return metrics.Items{Pred: append(slices.Clip(i.Pred), item), Gold: append(slices.Clip(i.Gold), item)}
				})
				if after := m.Ratios(m.Count(&right).ByType.Total()).F1.Value; after < before {
					t.Fatalf("seed %d: a true positive lowers F1 from %v to %v", seed, before, after)
				}

				wrong := *p
				wrong.Pred = append(slices.Clone(p.Pred), s)
				wrong.Published = append(slices.Clone(p.Published), metrics.Strings{Type: "new", Pred: []string{"end"}})
				wrong.Lenient = wrong.Published
				wrong.Items = withItems(p, func(i metrics.Items) metrics.Items {
					return metrics.Items{Pred: append(slices.Clip(i.Pred), item), Gold: i.Gold}
				})
				if after := m.Ratios(m.Count(&wrong).ByType.Total()).F1.Value; after > before {
					t.Fatalf("seed %d: a false positive raises F1 from %v to %v", seed, before, after)
				}
			}
		})
	}
}

// TestAdditivity tests property 7 of docs/spec/metrics.md §13: counts of disjoint
// parts add up (§1.1).
func TestAdditivity(t *testing.T) {
	for _, m := range metrics.Metrics {
		t.Run(m.ID, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(3, 3))
			whole, parts := metrics.NewCounts(), []metrics.Counts{metrics.NewCounts(), metrics.NewCounts(), metrics.NewCounts()}
			for range 300 {
				c := m.Count(randomPassage(rng))
				whole.Merge(c)
				parts[rng.IntN(len(parts))].Merge(c)
			}
			sum := metrics.NewCounts()
			for _, i := range rng.Perm(len(parts)) {
				sum.Merge(parts[i])
			}
			if !reflect.DeepEqual(sum, whole) {
				t.Errorf("the sum of the parts is %+v, the whole is %+v", sum, whole)
			}
		})
	}
}

// TestPerfectGold tests property 1 of docs/spec/metrics.md §13.
func TestPerfectGold(t *testing.T) {
	forEachMetric(t, func(t *testing.T, m metrics.Metric, p *metrics.Passage, _ *rand.Rand) {
		p.Pred, p.Unaligned = p.Gold, nil
		for i, q := range p.Published {
			p.Published[i].Pred, p.Lenient[i].Pred = q.Gold, q.Gold
		}
		p.Items = withItems(p, func(i metrics.Items) metrics.Items { return metrics.Items{Pred: i.Gold, Gold: i.Gold} })
		for typ, s := range m.Count(p).ByType {
			if s.TP != s.NPred || s.TP != s.NGold {
				t.Errorf("type %q: gold as prediction counts %+v", typ, s)
			}
			if f1, ok := s.F1(); ok && f1 != 1 {
				t.Errorf("type %q: F1 is %v, want 1", typ, f1)
			}
		}
		if e := metrics.Classify(p).Total(); e != (metrics.Errors{C: e.C}) {
			t.Errorf("gold as prediction has errors %+v", e)
		}
	})
}

// docs/spec/metrics.md §13, properties 12 and 13.
func TestTaxonomyIdentitiesAndBounds(t *testing.T) {
	for seed := range uint64(1000) {
		p := randomPassage(rand.New(rand.NewPCG(seed, 4)))
		strict := metrics.Count(metrics.SpanF1, p).ByType.Total()
		e := metrics.Classify(p).Total()
		if e.C+e.T+e.B+e.BT+e.MIS != strict.NGold || e.C+e.T+e.B+e.BT+e.SPU != strict.NPred || e.C != strict.TP {
			t.Fatalf("seed %d: errors %+v are inconsistent with counts %+v", seed, e, strict)
		}
		value := map[string]float64{}
		for _, m := range metrics.Metrics {
			value[m.ID] = m.Ratios(m.Count(p).ByType.Total()).F1.Value
		}
		if value["semeval_strict_f1"] != value["span_f1"] {
			t.Fatalf("seed %d: semeval strict is %v, span_f1 %v", seed, value["semeval_strict_f1"], value["span_f1"])
		}
		for _, pair := range [][2]string{
			{"uniner_f1", "paper_partial_f1"}, {"semeval_strict_f1", "semeval_exact_f1"},
			{"semeval_exact_f1", "semeval_partial_f1"}, {"semeval_strict_f1", "semeval_type_f1"},
		} {
			if value[pair[0]] > value[pair[1]] {
				t.Fatalf("seed %d: %s is %v, above %s with %v", seed, pair[0], value[pair[0]], pair[1], value[pair[1]])
			}
		}
	}
}

// TestMatches checks that the list of matches has what the taxonomy counts, and that
// each match has the spans of its class (docs/spec/metrics.md §5).
func TestMatches(t *testing.T) {
	overlap := func(m metrics.Match) bool { return min(m.Gold.End, m.Pred.End) > max(m.Gold.Start, m.Pred.Start) }
	sameSpan := func(m metrics.Match) bool { return m.Gold.Start == m.Pred.Start && m.Gold.End == m.Pred.End }
	sameType := func(m metrics.Match) bool { return m.Gold.Type == m.Pred.Type }
	fits := map[metrics.Class]func(metrics.Match) bool{
		metrics.Correct:       func(m metrics.Match) bool { return sameSpan(m) && sameType(m) },
		metrics.TypeError:     func(m metrics.Match) bool { return sameSpan(m) && !sameType(m) },
		metrics.BoundaryError: func(m metrics.Match) bool { return overlap(m) && !sameSpan(m) && sameType(m) },
		metrics.BothErrors:    func(m metrics.Match) bool { return overlap(m) && !sameSpan(m) && !sameType(m) },
		metrics.Missed:        func(m metrics.Match) bool { return m.Pred == ner.Span{} },
		metrics.Spurious:      func(m metrics.Match) bool { return m.Gold == ner.Span{} },
	}
	for seed := range uint64(1000) {
		p := randomPassage(rand.New(rand.NewPCG(seed, 6)))
		n := map[metrics.Class]int{}
		for _, m := range metrics.Matches(p) {
			n[m.Class]++
			if !fits[m.Class](m) {
				t.Fatalf("seed %d: match %+v does not fit its class", seed, m)
			}
			if m.Class != metrics.Spurious && !slices.Contains(p.Gold, m.Gold) {
				t.Fatalf("seed %d: the gold of %+v is not in the passage", seed, m)
			}
			if hasPred := m.Class != metrics.Missed && !m.Unaligned; hasPred && !slices.Contains(p.Pred, m.Pred) {
				t.Fatalf("seed %d: the prediction of %+v is not in the passage", seed, m)
			}
		}
		e := metrics.Classify(p).Total()
		want := map[metrics.Class]int{
			metrics.Correct: e.C, metrics.TypeError: e.T, metrics.BoundaryError: e.B, metrics.BothErrors: e.BT, metrics.Missed: e.MIS, metrics.Spurious: e.SPU,
		}
		maps.DeleteFunc(want, func(_ metrics.Class, n int) bool { return n == 0 })
		if !maps.Equal(n, want) {
			t.Fatalf("seed %d: matches are %v, the taxonomy counts %v", seed, n, want)
		}
	}
}

func TestMacroIsDeterministic(t *testing.T) {
	tally := metrics.Tally{}
	rng := rand.New(rand.NewPCG(5, 5))
	for i := range 50 {
		n := rng.IntN(100) + 1
		tally.Add(ner.EntityType(rune('a'+i)), ner.Score{TP: rng.IntN(n), NPred: n, NGold: rng.IntN(100) + n})
	}
	want, _ := tally.TypeMacro()
	for range 50 {
		if got, _ := tally.TypeMacro(); got != want {
			t.Fatalf("type_macro is %v, then %v", want, got)
		}
	}
}
