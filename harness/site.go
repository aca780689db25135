package harness

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash"
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
		if built, ok, err := before.written(ctx, store, dir); ok || err != nil {
			return built, err
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
		r.Cache.release()
		runs = r.Repository.keepSubmitted(runs)
	}
	archive := b.Archive(store, runs)
	archive.keepIn(r.Cache, r.Repository)
	built, err := site.Build(ctx, dir, board, archive, r.Options)
	archive.Keep(ctx)
	if err != nil || r.Repository != nil {
		return built, err
	}
	after, err := b.siteInput(ctx, store, r)
	if err == nil && after.outside == before.outside { // nothing changed meanwhile
		if key, err := after.key(dir, built.List); err == nil {
			(&statistics{bench: b, store: store}).keep(ctx, 1, func(s *results.Store) error { return s.SaveSite(ctx, key) })
		}
	}
	return built, err
}

// siteInput identifies all that the pages of a site depend on.
type siteInput struct {
	// outside is the hash of the program, the request, the runs, and the files of the data
	// and of the user's definitions; kept is that of the counts of errors in the store, to
	// which a build adds.
	outside, kept [sha256.Size]byte
}

func (b *Bench) siteInput(ctx context.Context, store *results.Store, r SiteRequest) (in siteInput, err error) {
	runs, err := store.Runs(ctx, nil)
	if err != nil {
		return in, err
	}
	for i := range runs {
		runs[i].Asker = nil // the heartbeat of a process changes no page
	}
	h := sha256.New()
	if err := b.writeInput(h, r, runs); err != nil {
		return in, err
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

// writeInput writes what identifies the program, a request with the runs of its site, and
// the files of the data and of the user's definitions.
func (b *Bench) writeInput(h hash.Hash, r SiteRequest, runs any) error {
	r.Cache = nil // its statistics are those of the runs
	if err := json.NewEncoder(h).Encode([]any{r, runs}); err != nil {
		return fmt.Errorf("site: %w", err)
	}
	if program, err := os.Executable(); err == nil {
		newStamper(h, false).add(program)
	}
	if b.Data != "" {
		newStamper(h, false).add(b.Data)
		newStamper(h, true).add(filepath.Join(b.Data, "datasets"))
	}
	for _, folder := range []string{b.Datasets, b.Families, b.Cards} {
		if folder != "" {
			newStamper(h, true).add(folder)
		}
	}
	return nil
}

// SumSiteInput is the checksum of all that the site of a repository depends on, beside the
// files of the repository: the program, the request, the data, and the user's definitions.
func (b *Bench) SumSiteInput(r SiteRequest) (sum [sha256.Size]byte, err error) {
	if r.Modified, err = b.ShownDate(nil); err != nil {
		return sum, err
	}
	h := sha256.New()
	err = b.writeInput(h, r, nil)
	return [sha256.Size]byte(h.Sum(nil)), err
}

// stamper writes what identifies the files of a folder: their names, sizes, times and
// permissions.
type stamper struct {
	to io.Writer
	// content: small files, such as the user's definitions, are identified by their
	// content, too. An editor or a copy may leave the size and the time as they were.
	content bool
	// seen are the folders that were read, by their paths without links: links may lead
	// in circles.
	seen map[string]bool
}

// maxContent is the largest size in bytes of a file that is identified by its content: a
// folder of model cards may hold weights.
const maxContent = 1 << 20

func newStamper(to io.Writer, content bool) *stamper {
	return &stamper{to, content, map[string]bool{}}
}

// add writes the stamps of a file, or of all files of a folder. A file that cannot be read
// is named as such.
func (s *stamper) add(path string) {
	info, err := os.Stat(path)
	if err != nil {
		fmt.Fprintf(s.to, "%q missing\n", path)
		return
	}
	if info.IsDir() {
		s.addFolder(path, info)
		return
	}
	fmt.Fprintf(s.to, "%q %v %d %d\n", path, info.Mode(), info.Size(), info.ModTime().UnixNano())
	if s.content && info.Mode().IsRegular() && info.Size() <= maxContent {
		text, err := os.ReadFile(path)
		fmt.Fprintf(s.to, "%x %v\n", sha256.Sum256(text), err != nil)
	}
}

func (s *stamper) addFolder(path string, info fs.FileInfo) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		fmt.Fprintf(s.to, "%q missing\n", path)
		return
	}
	fmt.Fprintf(s.to, "%q %q %v\n", path, real, info.Mode())
	if s.seen[real] {
		return
	}
	s.seen[real] = true
	entries, _ := os.ReadDir(path) // what cannot be read is no data
	fmt.Fprintf(s.to, "%d\n", len(entries))
	for _, e := range entries {
		s.add(filepath.Join(path, e.Name()))
	}
}

// written describes the site in a folder; ok is false unless it was written from this
// input.
func (in siteInput) written(ctx context.Context, store *results.Store, dir string) (built site.Built, ok bool, err error) {
	list, err := site.ListSum(dir)
	if err != nil { // there is none
		return built, false, nil
	}
	key, err := in.key(dir, list)
	if err != nil {
		return built, false, err
	}
	if known, err := store.HasSite(ctx, key); !known || err != nil {
		return built, false, err
	}
	built, ok = site.Existing(dir)
	return built, ok && built.List == list, nil
}

// key is the hash of the input, the folder, and the checksum of the list of files that was
// written: another build may have replaced them meanwhile.
func (in siteInput) key(dir string, list [sha256.Size]byte) (key results.StatisticKey, err error) {
	path, err := filepath.Abs(dir)
	if err != nil {
		return key, fmt.Errorf("site: %w", err)
	}
	h := sha256.New()
	fmt.Fprintf(h, "%q %x %x %x", path, in.outside, in.kept, list)
	return results.StatisticKey(h.Sum(nil)[:len(key)]), nil
}
