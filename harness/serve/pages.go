package serve

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"nerbench/harness"
)

// Source gives what is served.
type Source interface {
	// Version changes whenever the site does.
	Version(ctx context.Context) (string, error)
	// Open makes the site of now.
	Open(ctx context.Context) (Files, error)
	// Running lists the runs that are being made. One goroutine calls it.
	Running(ctx context.Context) ([]harness.Running, error)
}

// Files are the files of a site, such as a [site.Lazy].
type Files interface {
	// File returns a file by its path; [fs.ErrNotExist]: there is none.
	File(path string) ([]byte, error)
	Close() error
}

// The pace of new versions: a run that is being made changes the store many times a
// second.
const (
	lookAgain   = time.Second     // between two looks for a new version
	minRebuild  = 5 * time.Second // between two sites
	buildsShare = 10              // building takes at most one of so many parts of the time
)

// snapshot is the site of one version.
type snapshot struct {
	version string
	files   Files
	users   int
	old     bool // a newer one replaced it
}

// pages serves the files of the site.
type pages struct {
	source Source
	note   func(string)

	building sync.Mutex // held by the one request that looks for a new version

	mu      sync.Mutex
	now     *snapshot
	looked  time.Time
	rebuild time.Time // not before
	faults  []error   // of closing
}

// acquire returns the current site. The caller releases it.
func (p *pages) acquire(ctx context.Context) (*snapshot, error) {
	if s := p.use(false); s != nil {
		return s, nil
	}
	if !p.building.TryLock() {
		if s := p.use(true); s != nil { // the one before, while another request makes a new one
			return s, nil
		}
		p.building.Lock()
	}
	defer p.building.Unlock()
	if s := p.use(false); s != nil {
		return s, nil
	}
	if err := p.renew(ctx); err != nil {
		return nil, err
	}
	return p.use(true), nil
}

// use returns the current site if it need not be looked at again, or in any case.
func (p *pages) use(anyway bool) *snapshot {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.now == nil || !anyway && time.Since(p.looked) > lookAgain {
		return nil
	}
	p.now.users++
	return p.now
}

// renew makes a new site if the version changed. The lock building is held.
func (p *pages) renew(ctx context.Context) error {
	version, err := p.source.Version(ctx)
	if err != nil {
		return err
	}
	p.mu.Lock()
	current := p.now != nil && (p.now.version == version || time.Now().Before(p.rebuild))
	if current {
		p.looked = time.Now()
	}
	p.mu.Unlock()
	if current {
		return nil
	}
	began := time.Now()
	files, err := p.source.Open(ctx)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.now
	p.now, p.looked = &snapshot{version: version, files: files}, time.Now()
	p.rebuild = p.looked.Add(max(minRebuild, buildsShare*p.looked.Sub(began)))
	if before != nil {
		before.old = true
		p.closeUnused(before)
	}
	return nil
}

func (p *pages) release(s *snapshot) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.users--
	p.closeUnused(s)
}

// closeUnused closes a replaced site that nobody reads. The lock is held.
func (p *pages) closeUnused(s *snapshot) {
	if s.old && s.users == 0 {
		if err := s.files.Close(); err != nil {
			p.faults = append(p.faults, err)
		}
	}
}

// close closes the current site, when no request is left.
func (p *pages) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.now != nil {
		p.now.old = true
		p.closeUnused(p.now)
	}
	return errors.Join(p.faults...)
}

// hashed are the files whose names have a checksum of their content.
var hashed = regexp.MustCompile(`\.[0-9a-f]{12}\.[a-z]+$`)

// smallest is the size from which a response is compressed.
const smallest = 1 << 10

func (p *pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTime)) // a recorder of tests has none
	s, err := p.acquire(r.Context())
	if err != nil {
		p.fail(w, r, err)
		return
	}
	defer p.release(s)
	name := strings.TrimPrefix(r.URL.Path, "/")
	if name == "" {
		name = "index.html"
	}
	if name == "live.html" { // it listens to events
		w.Header().Set("Content-Security-Policy", policy+"; connect-src 'self'")
	}
	tag, h := `"`+s.version+`"`, w.Header()
	if hashed.MatchString(name) {
		h.Set("Cache-Control", "private, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "private, no-cache")
	}
	h.Set("Vary", "Accept-Encoding")
	compressed := acceptsGzip(r)
	if compressed {
		tag = strings.TrimSuffix(tag, `"`) + `-gzip"`
	}
	h.Set("ETag", tag)
	if matches(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	content, err := s.files.File(name)
	if err != nil {
		h.Del("ETag")
		if errors.Is(err, fs.ErrNotExist) {
			h.Set("Cache-Control", "no-store")
			http.NotFound(w, r)
			return
		}
		p.fail(w, r, err)
		return
	}
	h.Set("Content-Type", contentType(name))
	if compressed && len(content) >= smallest {
		content = compress(content)
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(content)))
	_, _ = w.Write(content) // the client may be gone; HEAD has no body
}

// fail answers a request that failed, and tells the user why.
func (p *pages) fail(w http.ResponseWriter, r *http.Request, err error) {
	w.Header().Set("Cache-Control", "no-store")
	if r.Context().Err() == nil && p.note != nil {
		p.note(fmt.Sprintf("%s: %v", r.URL.Path, err))
	}
	http.Error(w, "the page cannot be made; the server printed why", http.StatusInternalServerError)
}

func contentType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".json":
		return "application/json"
	case ".txt":
		return "text/plain; charset=utf-8"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}

func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, quality, _ := strings.Cut(strings.TrimSpace(part), ";")
		if coding == "gzip" && strings.ReplaceAll(quality, " ", "") != "q=0" {
			return true
		}
	}
	return false
}

// matches reports whether a list of entity tags has one.
func matches(list, tag string) bool {
	for part := range strings.SplitSeq(list, ",") {
		if strings.TrimPrefix(strings.TrimSpace(part), "W/") == tag {
			return true
		}
	}
	return false
}

func compress(content []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(content) // a buffer does not fail
	_ = z.Close()
	return b.Bytes()
}
