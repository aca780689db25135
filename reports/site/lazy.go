package site

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Lazy is a site whose files are made when they are asked for. They have the bytes that
// [Build] writes. It has one more page, live.html, for a server. Its methods may be called from several goroutines.
type Lazy struct {
	site   *site
	stop   context.CancelFunc
	folder *cacheFolder
	pages  map[string]page
	fixed  map[string][]byte // assets and the data of the board
	runs   map[string]*Run   // by slug
	sets   map[string]*Dataset
}

// Open prepares the site of a board. Data files are kept in a temporary folder, until
// [Lazy.Close]. MaxBytes and Modified are not used.
func Open(b *Board, a Archive, o Options) (*Lazy, error) {
	s, err := newSite(b)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "nerbench-site-")
	if err != nil {
		return nil, fmt.Errorf("site: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background()) // of Close
	l := &Lazy{
		site: s, stop: stop, folder: &cacheFolder{dir}, pages: map[string]page{}, fixed: map[string][]byte{},
		runs: map[string]*Run{}, sets: map[string]*Dataset{},
	}
	s.attach(ctx, a, o.Answers, l.folder)
	pages, err := s.pages()
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	for _, p := range append(pages, s.livePage()) {
		l.pages[p.path] = p
	}
	for _, f := range s.assets {
		l.fixed[f.path] = f.content
	}
	for _, f := range []file{s.boardFile, s.plain} {
		l.fixed[f.path] = f.content
	}
	for _, r := range s.allRuns() {
		l.runs[s.runSlugs[r.ID]] = r
	}
	for i := range s.Datasets {
		l.sets[s.datasetSlugs[s.Datasets[i].ID]] = &s.Datasets[i]
	}
	return l, nil
}

// livePage shows the runs that are being made. It needs the address "events" of a
// server, so that no folder has it.
func (s *site) livePage() page {
	return page{
		path: "live.html", title: "Live runs", body: "live", scripts: []string{s.assets["live.js"].path},
		policy: policy + "; connect-src 'self'", content: func() (any, error) { return len(s.Suites) > 0, nil },
	}
}

// Close removes the temporary folder. Files that are being made are not finished.
func (l *Lazy) Close() error {
	l.stop()
	if err := os.RemoveAll(l.folder.dir); err != nil {
		return fmt.Errorf("site: %w", err)
	}
	return nil
}

// File returns the content of a file by its path in the site. The error is
// [fs.ErrNotExist] if the site has no such file.
func (l *Lazy) File(path string) ([]byte, error) {
	if content, there := l.fixed[path]; there {
		return content, nil
	}
	if p, there := l.pages[path]; there {
		f, err := l.site.render(p)
		return f.content, err
	}
	parts := strings.Split(path, "/")
	if len(parts) < 2 || parts[0] != "data" || l.site.archive == nil || !fs.ValidPath(path) {
		return nil, fs.ErrNotExist
	}
	if err := l.make(parts[1:]); err != nil {
		return nil, err
	}
	return l.folder.read(path)
}

// make makes the data files among which one is.
func (l *Lazy) make(parts []string) error {
	switch {
	case parts[0] == "pairs", strings.HasPrefix(parts[0], "compare."):
		_, err := l.site.comparisonsFile()
		return err
	case len(parts) == 3 && parts[0] == "d" && l.sets[parts[1]] != nil:
		_, err := l.site.hasPassages(l.sets[parts[1]].ID)
		return err
	case len(parts) == 3 && parts[0] == "runs" && l.runs[parts[1]] != nil:
		return l.site.needRun(l.runs[parts[1]])
	}
	return fs.ErrNotExist
}

// cacheFolder keeps data files in a folder.
type cacheFolder struct{ dir string }

func (c *cacheFolder) add(files ...file) error {
	for _, f := range files {
		path := filepath.Join(c.dir, filepath.FromSlash(f.path))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return fmt.Errorf("site: %w", err)
		}
		// A reader may have the file open: it is replaced and not overwritten.
		if err := os.WriteFile(path+".new", f.content, 0o600); err != nil {
			return fmt.Errorf("site: %w", err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			return fmt.Errorf("site: %w", err)
		}
	}
	return nil
}

func (c *cacheFolder) read(path string) ([]byte, error) {
	content, err := os.ReadFile(filepath.Join(c.dir, filepath.FromSlash(path)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fs.ErrNotExist
	}
	return content, err
}

// Fixed and Hashed write data files.
func (c *cacheFolder) Fixed(key string, content any) error { return addFixed(c.add, key, content) }

func (c *cacheFolder) Hashed(key string, content any) (string, error) {
	return addHashed(c.add, key, content)
}
