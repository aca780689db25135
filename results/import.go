package results

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"nerbench/ner"
)

// Import adds a run with its metadata and complete passages in one transaction: all of
// it, or nothing. passages is the number of all passages. If a run with the same keys
// exists, the passages that it lacks are added.
func (s *Store) Import(ctx context.Context, run ner.Run, passages int, facts map[string]string, complete []ner.Passage) error {
	if err := checkFacts(run.ID(), facts); err != nil {
		return err
	}
	text, err := keysText(run)
	if err != nil {
		return err
	}
	db, err := s.writable()
	if err != nil {
		return err
	}
	return s.fault(transact(ctx, db, func(tx *sql.Tx) error {
		r, err := readRun(ctx, tx, run.ID())
		switch {
		case errors.Is(err, ErrNoRun):
			now := time.Now().UnixMilli()
			r = runRow{id: run.ID(), keys: text, passages: passages, created: now, updated: now}
			err = r.insert(ctx, tx)
		case err == nil && r.passages != passages:
			err = fmt.Errorf("run %s: has %d passages, but %d were given", r.id, r.passages, passages)
		case err == nil:
			err = s.checkFree(ctx, tx, &r)
		}
		if err != nil {
			return err
		}
		source, err := origin(ctx, tx)
		if err != nil {
			return err
		}
		if err := addTexts(ctx, tx, &r, source, facts); err != nil {
			return err
		}
		if err := r.update(ctx, tx); err != nil {
			return err
		}
		return s.recordIn(ctx, tx, run.ID(), complete, nil, nil, &early{})
	}))
}
