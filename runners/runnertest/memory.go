package runnertest

import (
	"context"
	"fmt"
	"sync"

	"nerbench/ner"
)

// Memory is a store of answers in memory, for the loop of package harness/loop. Its
// fields may be read once the loop has ended.
type Memory struct {
	mu       sync.Mutex
	Answers  map[ner.AnswerKey]ner.Completion
	Complete map[int]ner.Passage // by index
	Fail     error               // returned by every Record, unless nil
}

// NewMemory returns an empty store.
func NewMemory() *Memory {
	return &Memory{Answers: map[ner.AnswerKey]ner.Completion{}, Complete: map[int]ner.Passage{}}
}

// Cached returns the stored completions of keys.
func (m *Memory) Cached(_ context.Context, keys []ner.AnswerKey) (map[ner.AnswerKey]ner.Completion, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	known := map[ner.AnswerKey]ner.Completion{}
	for _, k := range keys {
		if c, ok := m.Answers[k]; ok {
			known[k] = c
		}
	}
	return known, nil
}

// Record stores the answers of a passage, and the passage itself if it is complete.
func (m *Memory) Record(_ context.Context, p ner.Passage, complete bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.Fail != nil {
		return m.Fail
	}
	for _, a := range p.Answers {
		m.Answers[a.Key] = a.Completion
	}
	if complete {
		m.Complete[p.Index] = p
	}
	return nil
}

// Done reports whether a passage is complete.
func (m *Memory) Done(index int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, ok := m.Complete[index]
	return ok
}

// Texts returns the answers of all complete passages, by passage and query.
func (m *Memory) Texts() map[string]string {
	out := map[string]string{}
	for i, p := range m.Complete {
		for k, a := range p.Answers {
			out[fmt.Sprint(i, " ", k)] = a.Completion.Text
		}
	}
	return out
}
