package vllm

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// otherModels are the models that answered instead of the one that was asked, by their
// names in the responses. Routers choose a model by load or price.
type otherModels struct {
	mu    sync.Mutex
	names []string
}

// noteModel notes the model of a response, and reports each other model once.
func (r *Runner) noteModel(s *server, model string) {
	if model == "" || model == r.config.Model {
		return
	}
	r.others.mu.Lock()
	defer r.others.mu.Unlock()
	if slices.Contains(r.others.names, model) {
		return
	}
	r.others.names = append(r.others.names, model)
	r.config.Observe(fmt.Sprintf("%s: model %q answers, not %q", s.name, model, r.config.Model))
}

// AnsweredBy are the names of the other models that answered, sorted; empty if there are
// none.
func (r *Runner) AnsweredBy() string {
	r.others.mu.Lock()
	defer r.others.mu.Unlock()
	names := slices.Clone(r.others.names)
	slices.Sort(names)
	return strings.Join(names, ", ")
}
