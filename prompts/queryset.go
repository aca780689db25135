package prompts

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"nerbench/ner"
)

// querySet selects the types in the queries about a document (docs/spec/prompts.md §2.9).
type querySet struct {
	kind  string // all, gold, gold+k, ratio
	k     int
	by    string // uniform, frequency
	ratio float64
}

func parseQuerySet(s string) (querySet, error) {
	fail := fmt.Errorf("prompts: queries %q: unknown (known: all, gold, gold+k:K:uniform, gold+k:K:frequency, ratio:R)", s)
	parts := strings.Split(s, ":")
	switch {
	case s == "" || s == "all":
		return querySet{kind: "all"}, nil
	case s == "gold":
		return querySet{kind: "gold"}, nil
	case parts[0] == "gold+k" && len(parts) == 3 && (parts[2] == "uniform" || parts[2] == "frequency"):
		k, err := strconv.Atoi(parts[1])
		if err != nil || k < 0 {
			return querySet{}, fail
		}
		return querySet{kind: "gold+k", k: k, by: parts[2]}, nil
	case parts[0] == "ratio" && len(parts) == 2:
		r, err := strconv.ParseFloat(parts[1], 64)
		if err != nil || !(r >= 0 && r < 1) {
			return querySet{}, fail
		}
		return querySet{kind: "ratio", ratio: r, by: "uniform"}, nil
	}
	return querySet{}, fail
}

// draws reports whether the selection depends on the seed.
func (q querySet) draws() bool { return q.kind == "gold+k" || q.kind == "ratio" }

// choose marks the selected types of a document, by their index in the dataset. It uses
// gold, so such runs are an oracle.
func (q querySet) choose(r *Renderer, d *ner.Document) []bool {
	chosen := make([]bool, len(r.dataset.Types))
	gold := 0
	for i, t := range r.dataset.Types {
		for _, s := range d.Spans {
			if s.Type == t.Name {
				chosen[i] = true
				gold++
				break
			}
		}
	}
	n := q.k
	switch q.kind {
	case "gold":
		return chosen
	case "ratio":
		n = int(math.Floor(q.ratio/(1-q.ratio)*float64(gold) + 0.5))
		if gold == 0 && q.ratio > 0 {
			n = 1
		}
	}
	for _, name := range q.negatives(r, d, chosen, n) {
		for i, t := range r.dataset.Types {
			if string(t.Name) == name {
				chosen[i] = true
			}
		}
	}
	return chosen
}

// negatives draws n types that are not in gold. If types are drawn by frequency and too
// few have one, the others follow in a fixed order.
func (q querySet) negatives(r *Renderer, d *ner.Document, gold []bool, n int) []string {
	context := []string{r.dataset.ID, d.ID}
	var pool []Weighted
	var rest []string
	for i, t := range r.dataset.Types {
		if gold[i] {
			continue
		}
		w := uint64(1)
		if q.by == "frequency" {
			w = uint64(r.dataset.Frequency[t.Name])
		}
		if w == 0 {
			rest = append(rest, string(t.Name))
		}
		pool = append(pool, Weighted{string(t.Name), w})
	}
	drawn := Draw(r.settings.Seed, "negatives", context, pool, n)
	if missing := n - len(drawn); missing > 0 && len(rest) > 0 {
		drawn = append(drawn, Order(r.settings.Seed, "negatives", context, rest)[:min(missing, len(rest))]...)
	}
	return drawn
}
