package harness

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"nerbench/reports/site"
	"nerbench/results"
)

// SiteRequest describes the pages of a leaderboard.
type SiteRequest struct {
	BoardRequest
	site.Options
}

// WriteSite writes the leaderboard of the store into a folder, as [site.Build] does. A
// folder that the same program wrote before, from the same runs, data, rules and options,
// is left as it is. Files have the time of the environment variable SOURCE_DATE_EPOCH, if
// it is set.
func (b *Bench) WriteSite(ctx context.Context, dir string, r SiteRequest) (site.Built, error) {
	store, err := b.ReadStore(ctx)
	if err != nil {
		return site.Built{}, err
	}
	defer store.Close()
	if r.Modified, err = b.ShownDate(nil); err != nil { // zero without the variable
		return site.Built{}, err
	}
	var before siteInput
	if r.Repository == nil { // else the store is made for this one site
		if before, err = b.siteInput(ctx, store, r); err != nil {
			return site.Built{}, err
		}
		if known, err := before.wrote(ctx, store, dir); known || err != nil {
			if built, ok := site.Existing(dir); ok || err != nil {
				return built, err
			}
		}
	}
	board, err := b.Board(ctx, r.BoardRequest)
	if err != nil {
		return site.Built{}, err
	}
	runs, err := store.Runs(ctx, nil)
	if err != nil {
		return site.Built{}, err
	}
	if r.Repository != nil {
		runs = r.Repository.keepSubmitted(runs)
	}
	archive := b.Archive(store, runs)
	archive.submissions = r.Repository
	built, err := site.Build(ctx, dir, board, archive, r.Options)
	archive.Keep(ctx)
	if err != nil || r.Repository != nil {
		return built, err
	}
	after, err := b.siteInput(ctx, store, r)
	if err == nil && after.outside == before.outside { // nothing changed meanwhile
		if key, ok := after.key(dir); ok {
			(&statistics{bench: b, store: store}).keep(ctx, 1, func(s *results.Store) error { return s.SaveSite(ctx, key) })
		}
	}
	return built, err
}

// siteInput identifies all that the pages of a site depend on.
type siteInput struct {
	// outside is the hash of the program, the request, the runs, and the files of the data
	// and of the user's definitions; kept is that of the errors that the store has, which a build adds
	// to.
	outside, kept [sha256.Size]byte
}

func (b *Bench) siteInput(ctx context.Context, store *results.Store, r SiteRequest) (in siteInput, err error) {
	h := sha256.New()
	r.Cache = nil // its statistics are those of the runs
	runs, err := store.Runs(ctx, nil)
	if err != nil {
		return in, err
	}
	for i := range runs {
		runs[i].Asker = nil // the heartbeat of a process changes no page
	}
	if err := json.NewEncoder(h).Encode([]any{r, runs}); err != nil {
		return in, fmt.Errorf("site: %w", err)
	}
	program, err := os.Executable()
	if err == nil {
		stampFiles(h, program, 0)
	}
	for _, folder := range []string{b.Data, b.Datasets, b.Families, b.Cards} {
		if folder != "" {
			stampFiles(h, folder, deepest)
		}
	}
	in.outside = [sha256.Size]byte(h.Sum(nil))
	counts, err := store.ErrorCounts(ctx)
	if err != nil {
		return in, err
	}
	h.Reset()
	for _, run := range runs {
		if kept, there := counts[run.ID]; there {
			fmt.Fprintf(h, "%s %x\n", run.ID, kept.Key)
		}
	}
	in.kept = [sha256.Size]byte(h.Sum(nil))
	return in, nil
}

// deepest limits the folders below the data folder, in which a link may lead in circles.
const deepest = 12

// stampFiles writes the names, sizes and times of a file, or of all files of a folder. A
// file that cannot be read is named as such.
func stampFiles(w io.Writer, path string, depth int) {
	info, err := os.Stat(path)
	if err != nil {
		fmt.Fprintf(w, "%q missing\n", path)
		return
	}
	if !info.IsDir() {
		fmt.Fprintf(w, "%q %d %d\n", path, info.Size(), info.ModTime().UnixNano())
		return
	}
	var entries []fs.DirEntry
	if depth > 0 {
		entries, _ = os.ReadDir(path) // what cannot be read is no data
	}
	fmt.Fprintf(w, "%q %d\n", path, len(entries))
	for _, e := range entries {
		stampFiles(w, filepath.Join(path, e.Name()), depth-1)
	}
}

// wrote reports whether a folder was written from this input.
func (in siteInput) wrote(ctx context.Context, store *results.Store, dir string) (bool, error) {
	key, ok := in.key(dir)
	if !ok {
		return false, nil
	}
	return store.HasSite(ctx, key)
}

// key is the hash of the input, the folder and its list of files; ok is false if it has
// none.
func (in siteInput) key(dir string) (key results.StatisticKey, ok bool) {
	path, err := filepath.Abs(dir)
	if err != nil {
		return key, false
	}
	list, err := site.List(dir)
	if err != nil {
		return key, false
	}
	h := sha256.New()
	fmt.Fprintf(h, "%q %x %x\n%s", path, in.outside, in.kept, list)
	return results.StatisticKey(h.Sum(nil)[:len(key)]), true
}
