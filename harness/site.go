package harness

import (
	"context"

	"nerbench/reports/site"
)

// SiteRequest describes the pages of a leaderboard.
type SiteRequest struct {
	BoardRequest
	site.Options
}

// WriteSite writes the leaderboard of the store into a folder, as [site.Build] does, and
// returns its board. Files have the time of the environment variable SOURCE_DATE_EPOCH,
// if it is set.
func (b *Bench) WriteSite(ctx context.Context, dir string, r SiteRequest) (*site.Board, site.Built, error) {
	board, err := b.Board(ctx, r.BoardRequest)
	if err != nil {
		return nil, site.Built{}, err
	}
	if r.Modified, err = b.ShownDate(nil); err != nil { // zero without the variable
		return nil, site.Built{}, err
	}
	store, err := b.ReadStore(ctx)
	if err != nil {
		return nil, site.Built{}, err
	}
	defer store.Close()
	runs, err := store.Runs(ctx, nil)
	if err != nil {
		return nil, site.Built{}, err
	}
	if r.Repository != nil {
		runs = r.Repository.keepSubmitted(runs)
	}
	archive := b.Archive(store, runs)
	archive.submissions = r.Repository
	built, err := site.Build(ctx, dir, board, archive, r.Options)
	return board, built, err
}
