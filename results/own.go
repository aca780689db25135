package results

import (
	"context"
	"encoding/binary"
	"sync"
	"sync/atomic"

	"nerbench/ner"
)

// own is what an open store has written itself: new runs, and answers. While no other run
// is of the same model, the store can have no other answers to its queries, so that most
// of them need not be looked up.
type own struct {
	mu      sync.Mutex
	runs    map[string]bool // false: it was there when it was begun last
	answers filter
}

// setRun notes a run that was begun: was it added now? Another process may have answered
// queries of one that is continued.
func (o *own) setRun(id string, added bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.runs == nil {
		o.runs = map[string]bool{}
	}
	o.runs[id] = added
}

func (o *own) hasRun(id string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.runs[id]
}

// alone reports whether this open store has added all runs of the model of a run, and the
// run itself. A model is known by its digest, or by its name if it has none: runs that
// share answers (see [Address]) are of the same model.
func (s *Store) alone(ctx context.Context, runID string) (bool, error) {
	const sameModel = `SELECT id FROM runs WHERE coalesce(keys ->> 'digest', keys ->> 'model') IS
		(SELECT coalesce(keys ->> 'digest', keys ->> 'model') FROM runs WHERE id = ?)`
	rows, err := s.read.QueryContext(ctx, sameModel, runID)
	if err != nil {
		return false, s.fault(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return false, s.fault(err)
		}
		if !s.own.hasRun(id) {
			return false, nil
		}
	}
	return s.own.hasRun(runID), s.fault(rows.Err())
}

// filterBits is the number of bits of a [filter]: 2 MiB. Of the keys that are not in it, it
// holds 1 % possible with a million keys, and 30 % with seven million.
const filterBits = 1 << 24

// filter holds keys: it can say that a key is not in it. A key is two random numbers, of
// which each sets a bit. The zero value is empty. Several goroutines may use it at once.
type filter struct {
	once sync.Once
	bits []atomic.Uint64
}

func (f *filter) places(key ner.AnswerKey) [2]uint64 {
	f.once.Do(func() { f.bits = make([]atomic.Uint64, filterBits/64) })
	return [2]uint64{binary.LittleEndian.Uint64(key[:8]) % filterBits, binary.LittleEndian.Uint64(key[8:]) % filterBits}
}

func (f *filter) add(key ner.AnswerKey) {
	for _, at := range f.places(key) {
		f.bits[at/64].Or(1 << (at % 64))
	}
}

// mayHave reports whether a key may have been added; if not, it was not.
func (f *filter) mayHave(key ner.AnswerKey) bool {
	for _, at := range f.places(key) {
		if f.bits[at/64].Load()&(1<<(at%64)) == 0 {
			return false
		}
	}
	return true
}
