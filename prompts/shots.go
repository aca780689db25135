package prompts

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nerbench/ner"
)

// shots are demonstrations: how many, and how they are chosen (PROMPTS.md §2.8).
type shots struct {
	k, empty int
	random   bool
	ordered  []*ner.Document // the train documents in order(seed, fewshot, row)
}

func newShots(r *Renderer) (*shots, error) {
	parts := strings.Split(r.settings.Shots, ":")
	if r.settings.Shots == "" || r.settings.Shots == "0" {
		return nil, nil
	}
	fail := fmt.Errorf("prompts: shots %q: want K, K:random, K:cover, or K:cover:EMPTY", r.settings.Shots)
	s := &shots{}
	var err error
	if s.k, err = strconv.Atoi(parts[0]); err != nil || s.k < 1 || len(parts) > 3 {
		return nil, fail
	}
	if len(parts) > 1 && parts[1] != "cover" && parts[1] != "random" {
		return nil, fail
	}
	s.random = len(parts) > 1 && parts[1] == "random"
	if len(parts) == 3 {
		if s.empty, err = strconv.Atoi(parts[2]); err != nil || s.empty < 0 || s.random {
			return nil, fail
		}
	}
	if !r.family.Fewshot {
		return nil, &Refusal{"no_fewshot", fmt.Sprintf("family %s has no form with demonstrations", r.family.Name)}
	}
	if len(r.row.Train) == 0 {
		return nil, &Refusal{"no_fewshot", fmt.Sprintf("row %s has no train split here to take demonstrations from", r.row.ID)}
	}
	byID := map[string]*ner.Document{}
	ids := make([]string, len(r.row.Train))
	for i, d := range r.row.Train {
		ids[i], byID[d.ID] = d.ID, d
	}
	for _, id := range Order(r.settings.Seed, "fewshot", []string{r.row.ID}, ids) {
		s.ordered = append(s.ordered, byID[id])
	}
	return s, nil
}

// choose returns the demonstrations for a document: the same for every document,
// but that its own text is no demonstration for it.
func (s *shots) choose(text string) []*ner.Document {
	pool := slices.DeleteFunc(slices.Clone(s.ordered), func(d *ner.Document) bool { return d.Text == text })
	if s.random {
		return pool[:min(s.k, len(pool))]
	}
	var chosen []*ner.Document
	covered := map[ner.EntityType]bool{}
	places := max(s.k-s.empty, 0)
	for len(chosen) < places && len(pool) > 0 {
		best, gain := 0, 0
		for i, d := range pool {
			if g := adds(d, covered); g > gain {
				best, gain = i, g
			}
		}
		if gain == 0 && len(covered) > 0 {
			clear(covered) // every type is shown: begin again
			continue
		}
		for _, sp := range pool[best].Spans {
			covered[sp.Type] = true
		}
		chosen = append(chosen, pool[best])
		pool = slices.Delete(pool, best, best+1)
	}
	for _, d := range pool { // the places kept for documents without mentions
		if len(chosen) >= s.k {
			break
		}
		if len(d.Spans) == 0 {
			chosen = append(chosen, d)
		}
	}
	return chosen
}

// adds counts the types of a document that are not covered yet.
func adds(d *ner.Document, covered map[ner.EntityType]bool) int {
	seen := map[ner.EntityType]bool{}
	for _, s := range d.Spans {
		if !covered[s.Type] {
			seen[s.Type] = true
		}
	}
	return len(seen)
}
