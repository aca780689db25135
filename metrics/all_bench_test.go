package metrics_test

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"nerbench/metrics"
	"nerbench/ner"
)

// BenchmarkAllMetrics counts 1,000,000 gold entities with every metric of the
// table, on all processors.
func BenchmarkAllMetrics(b *testing.B) {
	passages := manyPassages(50_000, 20)
	b.ResetTimer()
	for b.Loop() {
		var group sync.WaitGroup
		workers := runtime.GOMAXPROCS(0)
		for w := range workers {
			group.Go(func() {
				counts := make([]metrics.Counts, len(metrics.Metrics))
				for i := range counts {
					counts[i] = metrics.NewCounts()
				}
				for at := w; at < len(passages); at += workers {
					p := passages[at] // a copy: the cache of a passage is not part of the input
					for i, m := range metrics.Metrics {
						m.Add(&p, &counts[i])
					}
				}
			})
		}
		group.Wait()
	}
	b.ReportMetric(float64(b.Elapsed().Seconds())/float64(b.N), "s/1M-entities")
}

// manyPassages makes passages of invented entities, four fifths of them correct.
func manyPassages(n, entities int) []metrics.Passage {
	rng := rand.New(rand.NewPCG(3, 4))
	types := []ner.EntityType{"person", "place", "law", "company", "date"}
	names := []string{"port varna", "tessel labs", "mira okafor", "essa", "zoltan brandt"}
	out := make([]metrics.Passage, n)
	for i := range out {
		p := metrics.Passage{Text: string(make([]byte, 10*entities))}
		var items metrics.Items
		strs := map[ner.EntityType]*metrics.Strings{}
		for _, t := range types {
			strs[t] = &metrics.Strings{Type: t}
		}
		for e := range entities {
			gold := ner.Span{Start: 10 * e, End: 10*e + 5 + rng.IntN(5), Type: types[rng.IntN(len(types))]}
			name := names[rng.IntN(len(names))]
			p.Gold = append(p.Gold, gold)
			items.Gold = append(items.Gold, ner.Mention{Text: name, Type: gold.Type})
			strs[gold.Type].Gold = append(strs[gold.Type].Gold, name)
			pred := gold
			switch rng.IntN(15) {
			case 0:
				continue
			case 1:
				pred.End--
			case 2:
				pred.Type = types[rng.IntN(len(types))]
			}
			p.Pred = append(p.Pred, pred)
			items.Pred = append(items.Pred, ner.Mention{Text: name, Type: pred.Type})
			strs[pred.Type].Pred = append(strs[pred.Type].Pred, name)
		}
		for _, t := range types {
			p.Published = append(p.Published, *strs[t])
		}
		p.Lenient = p.Published
		p.Items = map[metrics.Protocol]metrics.Items{}
		for _, protocol := range []metrics.Protocol{metrics.GNER, metrics.InstructUIE, metrics.B2NER, metrics.GoLLIE, metrics.GoLLIEUnfiltered, metrics.ReasoningNER} {
			p.Items[protocol] = items
		}
		out[i] = p
	}
	return out
}
