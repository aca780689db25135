package prompts

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nerbench/ner"
)

// shots is the number and choice of demonstrations (docs/spec/prompts.md §2.8).
type shots struct {
	k, empty int
	random   bool
	ordered  []*ner.Document // the train documents in order(seed, fewshot, dataset)
	standard []*ner.Document // demonstrations for all documents but those of the train split
	texts    map[string]bool // of the train documents
}

// newShots parses the setting. It is an error if there are too few demonstrations.
func newShots(r *Renderer) (*shots, error) {
	s, err := parseShots(r.settings.Shots)
	if s == nil || err != nil {
		return nil, err
	}
	switch {
	case r.variant.NoFewshot:
		return nil, &Refusal{"no_fewshot", fmt.Sprintf("variant %s of family %s has no form with demonstrations", r.variant.Name, r.family.Name)}
	case len(r.dataset.Train) == 0:
		return nil, &Refusal{"no_fewshot", fmt.Sprintf("dataset %s has no train split to choose demonstrations from", r.dataset.ID)}
	case s.k > len(r.dataset.Train):
		return nil, &Refusal{"no_fewshot", fmt.Sprintf("%d demonstrations, but the train split of dataset %s has only %d documents", s.k, r.dataset.ID, len(r.dataset.Train))}
	}
	s.order(r.dataset, r.settings.Seed)
	return s, nil
}

// parseShots parses the setting; nil stands for no demonstrations.
func parseShots(setting string) (*shots, error) {
	parts := strings.Split(setting, ":")
	if setting == "" || setting == "0" {
		return nil, nil
	}
	fail := fmt.Errorf("prompts: shots %q: want K, K:random, K:cover, or K:cover:EMPTY", setting)
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
	return s, nil
}

// key returns the setting in its shortest form, so that equal settings have equal keys.
func (s *shots) key() string {
	switch {
	case s.random:
		return fmt.Sprintf("%d:random", s.k)
	case s.empty > 0:
		return fmt.Sprintf("%d:cover:%d", s.k, s.empty)
	}
	return strconv.Itoa(s.k)
}

// order returns the train documents in the order of the choice.
func (s *shots) order(dataset Dataset, seed int) {
	ids := make([]string, len(dataset.Train))
	for i, d := range dataset.Train {
		ids[i] = d.ID
	}
	for _, place := range orderedPlaces(seed, "fewshot", []string{dataset.ID}, ids) {
		s.ordered = append(s.ordered, dataset.Train[place])
	}
	s.texts = make(map[string]bool, len(s.ordered))
	for _, d := range s.ordered {
		s.texts[d.Text] = true
	}
	s.standard = s.pick(slices.Clone(s.ordered))
}

// choose returns the demonstrations for a document: the common ones, except that the
// text of the document itself is replaced. standard is set for the common ones.
func (s *shots) choose(text string) (shown []*ner.Document, standard bool) {
	switch {
	case s == nil:
		return nil, true
	case !s.texts[text]:
		return s.standard, true
	}
	return s.pick(slices.DeleteFunc(slices.Clone(s.ordered), func(d *ner.Document) bool { return d.Text == text })), false
}

// pick chooses demonstrations from a pool.
func (s *shots) pick(pool []*ner.Document) []*ner.Document {
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

// adds returns the number of types of a document that are not covered yet.
func adds(d *ner.Document, covered map[ner.EntityType]bool) int {
	seen := map[ner.EntityType]bool{}
	for _, s := range d.Spans {
		if !covered[s.Type] {
			seen[s.Type] = true
		}
	}
	return len(seen)
}
