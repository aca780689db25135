package serve

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"nerbench/harness"
	"nerbench/reports/site"
	"nerbench/results"
)

// Store is the source of the leaderboard of a store, which it only reads.
type Store struct {
	bench   *harness.Bench
	request harness.BoardRequest
	answers site.AnswersMode
	store   *results.Store
	watch   *harness.Watch
	kept    keptStatistics
}

var _ Source = (*Store)(nil)

// OpenStore opens the store of a bench. The caller closes it after the server ended. What
// is slow to compute is kept in a file of the folder cache, since the store is not written;
// empty: in memory only.
func OpenStore(ctx context.Context, b *harness.Bench, r harness.BoardRequest, answers site.AnswersMode, cache string) (*Store, error) {
	store, err := b.ReadStore(ctx)
	if err != nil {
		return nil, err
	}
	reader := *b
	reader.ReadOnly = true
	return &Store{&reader, r, answers, store, reader.Watch(store), openKept(cache, b.Store)}, nil
}

// Close closes the store.
func (s *Store) Close() error { return s.store.Close() }

// Version is a checksum of what the store has of its runs.
func (s *Store) Version(ctx context.Context) (string, error) {
	runs, err := s.store.Runs(ctx, nil)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	for _, r := range runs {
		r.Asker = nil // the heartbeat of a process changes no page
		text, err := json.Marshal(r)
		if err != nil {
			return "", fmt.Errorf("run %s: %w", r.ID, err)
		}
		h.Write(text)
	}
	return hex.EncodeToString(h.Sum(nil))[:16], nil
}

// Open makes the site of the runs that the store has now.
func (s *Store) Open(ctx context.Context) (Files, error) {
	request := s.request
	request.Cache = s.kept.cache()
	board, err := s.bench.Board(ctx, request)
	if err != nil {
		return nil, err
	}
	if err := s.kept.save(request.Cache); err != nil && s.bench.Notify != nil {
		s.bench.Notify(harness.Event{Note: fmt.Sprintf("statistics are not kept: %v", err)})
	}
	store, err := s.bench.ReadStore(ctx)
	if err != nil {
		return nil, err
	}
	runs, err := store.Runs(ctx, nil)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	files, err := site.Open(board, s.bench.Archive(store, runs), site.Options{Answers: s.answers})
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return &storeFiles{files, store}, nil
}

// storeFiles are the files of a site with the store that they are made from.
type storeFiles struct {
	*site.Lazy
	store *results.Store
}

func (f *storeFiles) Close() error { return errors.Join(f.Lazy.Close(), f.store.Close()) }

// Running lists the runs that other processes make.
func (s *Store) Running(ctx context.Context) ([]harness.Running, error) {
	return s.watch.Running(ctx)
}
