package harness

import (
	"context"
	"fmt"
	"sync"

	"nerbench/datasets"
)

// memory holds what one command has read of datasets.
type memory struct {
	mu       sync.Mutex
	datasets map[string]*datasets.Dataset
	surveys  map[string]survey
}

// Remembering returns the bench for one command that is about many runs on the same
// datasets: the definition of a dataset, and the fingerprint of a split, are read once.
func (b *Bench) Remembering() *Bench {
	own := *b
	own.memory = &memory{datasets: map[string]*datasets.Dataset{}, surveys: map[string]survey{}}
	return &own
}

// FindDataset finds a dataset by its id. The embedded sample is included.
func (b *Bench) FindDataset(id string) (*datasets.Dataset, error) {
	return recall(b.memory, func(m *memory) map[string]*datasets.Dataset { return m.datasets }, id,
		func() (*datasets.Dataset, error) { return b.findDataset(id) })
}

// survey reads a split once, because its fingerprint is part of the run's identity,
// and its longest passage determines the context length.
func (b *Bench) survey(ctx context.Context, dataset *datasets.Dataset, s selection) (survey, error) {
	return recall(b.memory, func(m *memory) map[string]survey { return m.surveys }, fmt.Sprintf("%s %+v", dataset.ID, s),
		func() (survey, error) { return b.readSplit(ctx, dataset, s) })
}

// recall returns a value that was read before, else reads it. Errors are not remembered.
func recall[T any](m *memory, of func(*memory) map[string]T, key string, read func() (T, error)) (T, error) {
	if m == nil {
		return read()
	}
	m.mu.Lock()
	value, there := of(m)[key]
	m.mu.Unlock()
	if there {
		return value, nil
	}
	value, err := read()
	if err == nil {
		m.mu.Lock()
		defer m.mu.Unlock()
		of(m)[key] = value
	}
	return value, err
}
