package serve

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
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
	"nerbench/internal/parallel"
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

// The longest times that a request waits for a new site: as long as there is none, and if
// there is an old one. The site is made in the background, and its statistics may take
// minutes the first time.
const (
	waitFirst = 10 * time.Second
	waitNext  = 2 * time.Second
)

// errComputing reports that the first site is being made.
var errComputing = errors.New("the leaderboard is being computed")

// pages serves the files of the site.
type pages struct {
	ctx    context.Context // of the server: a site is made for all requests
	source Source
	note   func(string)
	// first and next are waitFirst and waitNext.
	first, next time.Duration

	mu      sync.Mutex
	now     *snapshot
	looked  time.Time
	rebuild time.Time // not before
	faults  []error   // of closing
	renewal *renewal  // nil: none
}

// renewal is a look for a new version, and the making of its site.
type renewal struct {
	done chan struct{}
	err  error
}

// acquire returns the current site. The caller releases it. The error is errComputing if
// there is none yet, and making it takes long.
func (p *pages) acquire(ctx context.Context) (*snapshot, error) {
	if s := p.use(false); s != nil {
		return s, nil
	}
	r, wait := p.look()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-r.done:
		if r.err != nil {
			return nil, r.err
		}
	case <-timer.C:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if s := p.use(true); s != nil {
		return s, nil
	}
	return nil, errComputing
}

// look returns the look for a new version that goes on, or begins one, and how long to wait
// for it.
func (p *pages) look() (*renewal, time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	wait := p.first
	if p.now != nil {
		wait = p.next
	}
	if p.renewal != nil {
		return p.renewal, wait
	}
	r := &renewal{done: make(chan struct{})}
	p.renewal = r
	ended := parallel.Go(func() error { return p.renew(p.ctx) })
	parallel.Go(func() error {
		err := <-ended
		p.mu.Lock()
		r.err, p.renewal = err, nil
		p.mu.Unlock()
		close(r.done)
		return nil
	})
	return r, wait
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

// renew makes a new site if the version changed. One call at a time.
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

// close closes the current site, when no request is left and the context has ended.
func (p *pages) close() error {
	p.mu.Lock()
	r := p.renewal
	p.mu.Unlock()
	if r != nil {
		<-r.done
	}
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
	if errors.Is(err, errComputing) {
		computing(w)
		return
	}
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

// computingPage loads itself again.
const computingPage = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="5"><title>Leaderboard</title></head>
<body><p>The statistics of the leaderboard are being computed. This takes minutes for many models, once. The page loads again by itself.</p></body></html>
`

// computing answers a request before there is a site.
func computing(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Retry-After", "5")
	w.Header().Set("Content-Type", contentType("computing.html"))
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = io.WriteString(w, computingPage) // the client may be gone
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
