package open

import (
	"context"
	"fmt"
	"runtime"

	"nerbench/runners"
	"nerbench/runners/tagger"
)

// openTagger trains a tagger.
func openTagger(ctx context.Context, s Spec) (*Model, error) {
	docs, data, err := s.Train(ctx)
	if err != nil {
		return nil, fmt.Errorf("tagger: learns from the train split: %w", err)
	}
	config := tagger.Config{Seed: s.Decoding.Seed, Observe: func(e tagger.Epoch) {
		if e.Number == 1 {
			s.Observe(fmt.Sprintf("training the tagger on %d passages", e.Sentences))
		}
	}}
	t, err := tagger.Train(ctx, docs, s.Types, config)
	if err != nil {
		return nil, err
	}
	connections := s.Connections
	if connections == 0 {
		connections = runtime.GOMAXPROCS(0)
	}
	return &Model{
		Identity: t.Identity(), Runner: t, Slots: runners.NewFixed(connections),
		Keys:  map[string]string{"training": config.Key() + " data=" + data()},
		close: func() {},
	}, nil
}
