package fetch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nerbench/internal/names"
)

// content is an invented file of 300 kB, different for each version.
func content(version int) []byte {
	return bytes.Repeat(fmt.Appendf(nil, "%d: Mira left Essa.\n", version), 300_000/19)
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// cutting sends a file, but closes the connection after some bytes in each of the
// first responses.
type cutting struct {
	cuts     int32 // number of interrupted responses
	after    int
	versions bool // each response up to the last interruption has another version
	noRange  bool
	noETag   bool
	requests atomic.Int32
	ranges   atomic.Int32
}

func (s *cutting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := s.requests.Add(1)
	version := 0
	if s.versions {
		version = int(min(n, s.cuts+1))
	}
	b := content(version)
	if !s.noETag {
		w.Header().Set("ETag", fmt.Sprintf(`"v%d"`, version))
	}
	if r.Header.Get("Range") != "" {
		s.ranges.Add(1)
	}
	if s.noRange {
		r.Header.Del("Range")
	}
	if n <= s.cuts {
		w = &cutWriter{ResponseWriter: w, left: s.after}
	}
	http.ServeContent(w, r, "x", time.Time{}, bytes.NewReader(b))
}

type cutWriter struct {
	http.ResponseWriter
	left int
}

func (w *cutWriter) Write(b []byte) (int, error) {
	n, err := w.ResponseWriter.Write(b[:min(len(b), w.left)])
	if w.left -= n; w.left <= 0 {
		w.ResponseWriter.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	return n, err
}

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// quick is a client that downloads into a new folder, and the folder.
func quick(t *testing.T) (*Client, string) {
	t.Helper()
	dir := t.TempDir()
	folder, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { folder.Close() })
	return &Client{Folder: folder, Wait: time.Millisecond}, dir
}

// partial is the size of the partial file of x.
func partial(c *Client) int64 { return (&transfer{Client: c, to: "x"}).partSize() }

func TestFetch(t *testing.T) {
	for name, tc := range map[string]struct {
		server *cutting
		ranges int32 // requests that resume
		want   []byte
	}{
		"whole":                         {&cutting{}, 0, content(0)},
		"cut":                           {&cutting{cuts: 1, after: 100_000}, 1, content(0)},
		"cut often":                     {&cutting{cuts: 9, after: 20_000}, 9, content(0)},
		"cut, no ranges":                {&cutting{cuts: 2, after: 100_000, noRange: true}, 2, content(0)},
		"cut, no validator":             {&cutting{cuts: 2, after: 100_000, noETag: true}, 0, content(0)},
		"file changes between requests": {&cutting{cuts: 2, after: 100_000, versions: true}, 2, content(3)},
	} {
		t.Run(name, func(t *testing.T) {
			c, dir := quick(t)
			to := filepath.Join(dir, "a", "x")
			var here atomic.Int64
			c.Progress = func(_ File, n, of int64) {
				here.Store(n)
				if of != int64(len(tc.want)) {
					t.Errorf("of %d bytes, want %d", of, len(tc.want))
				}
			}
			if err := c.Fetch(t.Context(), File{URL: serve(t, tc.server), To: "a/x", SHA256: sum(tc.want), Bytes: int64(len(tc.want))}); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(to)
			if err != nil || !bytes.Equal(got, tc.want) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
			if n := tc.server.ranges.Load(); n != tc.ranges {
				t.Errorf("%d requests resume, want %d", n, tc.ranges)
			}
			if here.Load() != int64(len(tc.want)) {
				t.Errorf("progress ended at %d", here.Load())
			}
			if left, _ := filepath.Glob(to + ".*"); len(left) > 0 {
				t.Errorf("files remain: %v", left)
			}
			for name, want := range map[string]os.FileMode{to: 0o600, filepath.Dir(to): 0o700} {
				if info, err := os.Stat(name); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != want {
					t.Errorf("%s: mode %v, error %v, want %v", filepath.Base(name), info.Mode(), err, want)
				}
			}
		})
	}
}

// The next call resumes an interrupted transfer, even in another process.
func TestFetchResumes(t *testing.T) {
	server := &cutting{cuts: 1, after: 150_000}
	ctx, cancel := context.WithCancel(t.Context())
	c, dir := quick(t)
	to := filepath.Join(dir, "x")
	f := File{URL: serve(t, server), To: "x", SHA256: sum(content(0))}
	c.Progress = func(_ File, here, _ int64) {
		if here > 100_000 {
			cancel()
		}
	}
	if err := c.Fetch(ctx, f); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if _, err := os.Stat(to); err == nil {
		t.Fatal("the incomplete file has its final name")
	}
	before := partial(c)
	if before < 100_000 {
		t.Fatalf("%d bytes were received", before)
	}
	first := int64(-1)
	c.Progress = func(_ File, here, _ int64) {
		if first < 0 {
			first = here
		}
	}
	if err := c.Fetch(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	if first <= before || server.ranges.Load() != 1 {
		t.Errorf("resumed at %d after %d bytes", first, before)
	}
}

func TestFetchRefuses(t *testing.T) {
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	other := func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>please log in</html>") }
	// The server declares more bytes than it sends, in every response.
	wrongSize := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(content(0))))
		fmt.Fprint(w, "short")
	}
	for name, tc := range map[string]struct {
		handler http.HandlerFunc
		want    string
		tries   int32
	}{
		"not found":    {status(404), "404 Not Found", 1},
		"not allowed":  {status(401), "401 Unauthorized", 1},
		"unavailable":  {status(503), "failed after 5 tries: ", 5},
		"another file": {other, "not the published file: 26 bytes", 2},
		"wrong size":   {wrongSize, "unexpected EOF", 5},
		"wrong ranges": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Range", "bytes 7-9/10")
			w.WriteHeader(http.StatusPartialContent)
		}, "not the published file: requested from byte 0", 2},
	} {
		t.Run(name, func(t *testing.T) {
			var requests atomic.Int32
			c, dir := quick(t)
			to := filepath.Join(dir, "x")
			url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests.Add(1)
				tc.handler(w, r)
			}))
			err := c.Fetch(t.Context(), File{URL: url, To: "x", SHA256: sum(content(0)), Bytes: int64(len(content(0)))})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
			if requests.Load() != tc.tries {
				t.Errorf("%d requests, want %d", requests.Load(), tc.tries)
			}
			if _, err := os.Stat(to); err == nil {
				t.Error("the file has its final name")
			}
		})
	}
}

// The server sets the wait; a redirect to another host does not get the token.
func TestFetchWaitsAndFollows(t *testing.T) {
	elsewhere := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Error("the token was sent to another host")
		}
		fmt.Fprint(w, "hello")
	}))
	elsewhere = strings.Replace(elsewhere, "127.0.0.1", "localhost", 1)
	var requests atomic.Int32
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" {
			t.Error("no token")
		}
		if requests.Add(1) == 1 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		http.Redirect(w, r, elsewhere, http.StatusFound)
	}))
	c, _ := quick(t)
	began := time.Now()
	if err := c.Fetch(t.Context(), File{URL: url, To: "x", Token: "secret", SHA256: sum([]byte("hello"))}); err != nil {
		t.Fatal(err)
	}
	if time.Since(began) < time.Second {
		t.Error("did not wait for the time of Retry-After")
	}
}

func TestHub(t *testing.T) {
	home := t.TempDir()
	env := map[string]string{"HF_HOME": home}
	if err := os.WriteFile(filepath.Join(home, "token"), []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/api/datasets/nobody/mini", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, `{"sha": "abc", "siblings": [{"rfilename": "data/test file.jsonl"}, {"rfilename": "README.md"},
			{"rfilename": "../../x"}, {"rfilename": "/etc/x"}, {"rfilename": "a/../../x"}, {"rfilename": "nul"}, {"rfilename": "./y"}]}`)
	})
	mux.HandleFunc("/api/datasets/nobody/evil", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"sha": "../../..", "siblings": [{"rfilename": "token"}]}`)
	})
	env["HF_ENDPOINT"] = serve(t, mux) + "/"
	hub := NewHub(func(name string) string { return env[name] })
	l, err := hub.List(t.Context(), nil, "nobody/mini", "")
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"data/test file.jsonl", "README.md"}; l.Revision != "abc" || !slices.Equal(l.Files, want) {
		t.Errorf("listing %+v, want %q", l, want)
	}
	if _, err := hub.List(t.Context(), nil, "nobody/evil", ""); !errors.Is(err, names.ErrOutside) {
		t.Errorf("a revision with parents: error %v", err)
	}
	for _, name := range []string{"../../../../token", "/etc/passwd", "a/../../../../../token"} {
		if file, err := hub.Cached(l, name); !errors.Is(err, names.ErrOutside) {
			t.Errorf("cached %s: %s, error %v", name, file, err)
		}
	}
	if got, want := hub.URL(l, l.Files[0]), strings.TrimSuffix(env["HF_ENDPOINT"], "/")+"/datasets/nobody/mini/resolve/abc/data/test%20file.jsonl"; got != want {
		t.Errorf("address %s, want %s", got, want)
	}
	if _, err := hub.Cached(l, "README.md"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("cached: %v", err)
	}
	file := filepath.Join(home, "hub", "datasets--nobody--mini", "snapshots", "abc", "README.md")
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if got, err := hub.Cached(l, "README.md"); err != nil || got != file {
		t.Errorf("cached: %s, %v", got, err)
	}
	env["HF_TOKEN"] = "other"
	_, err = NewHub(func(name string) string { return env[name] }).List(t.Context(), nil, "nobody/mini", "")
	var refused *StatusError
	if !errors.As(err, &refused) || refused.Status != http.StatusUnauthorized {
		t.Errorf("error %v", err)
	}
}

// The wait in Retry-After is seconds or a date.
func TestRetryAfter(t *testing.T) {
	for _, header := range []string{"3600", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)} {
		answer := &http.Response{StatusCode: http.StatusServiceUnavailable, Header: http.Header{"Retry-After": {header}}, Request: httptest.NewRequest(http.MethodGet, "/x", nil)}
		_, _, err := beginning(answer, 0)
		var refused *StatusError
		if !errors.As(err, &refused) || refused.after < 50*time.Minute {
			t.Errorf("Retry-After: %s: error %v, wait %v", header, err, refused)
		}
	}
}

// A file of unknown size has a limit, whether or not the server announces its size. A
// size that is known is the limit, too.
func TestFetchLimits(t *testing.T) {
	for name, tc := range map[string]struct {
		announced bool
		bytes     int64
		want      string
		requests  int32
	}{
		"unknown":           {false, 0, "refused: too large: more than 100000 bytes", 1},
		"announced":         {true, 0, "refused: too large: more than 100000 bytes", 1},
		"size is known":     {false, 1000, "not the published file: more than 1000 bytes", 2},
		"both are known":    {true, 1000, "not the published file: more than 1000 bytes", 2},
		"larger, but known": {true, int64(len(content(0))), "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			var requests atomic.Int32
			url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests.Add(1)
				if tc.announced {
					w.Header().Set("Content-Length", fmt.Sprint(len(content(0))))
				}
				w.(http.Flusher).Flush()
				_, _ = w.Write(content(0))
			}))
			c, dir := quick(t)
			c.Largest = 100_000
			err := c.Fetch(t.Context(), File{URL: url, To: "x", Bytes: tc.bytes})
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
			if requests.Load() != tc.requests {
				t.Errorf("%d requests, want %d", requests.Load(), tc.requests)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "x.part*")); len(left) > 0 {
				t.Errorf("files remain: %v", left)
			}
		})
	}
}

// A complete file of an earlier call is checked: by its checksum, or else by what was
// recorded when it was downloaded.
func TestFetchChecksCompleteFiles(t *testing.T) {
	known := sum(content(0))
	for name, tc := range map[string]struct {
		sha256   string
		change   func(t *testing.T, path string)
		requests int32 // of the second call
	}{
		"unchanged":               {known, func(*testing.T, string) {}, 0},
		"unchanged, no checksum":  {"", func(*testing.T, string) {}, 0},
		"changed":                 {known, damage, 1},
		"changed, no checksum":    {"", damage, 1},
		"truncated":               {"", func(t *testing.T, path string) { check(t, os.Truncate(path, 1000)) }, 1},
		"no record, no checksum":  {"", func(t *testing.T, path string) { check(t, os.Remove(recordOf(path))) }, 1},
		"no record, but checksum": {known, func(t *testing.T, path string) { check(t, os.Remove(recordOf(path))) }, 0},
		"record of another source": {"", func(t *testing.T, path string) {
			check(t, os.WriteFile(recordOf(path), []byte(`{"URL": "x", "SHA256": "`+known+`"}`), 0o600))
		}, 1},
		"damaged record": {"", func(t *testing.T, path string) { check(t, os.WriteFile(recordOf(path), []byte(`{"URL`), 0o600)) }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			server := &cutting{}
			c, dir := quick(t)
			f := File{URL: serve(t, server), To: "a/x", SHA256: tc.sha256}
			check(t, c.Fetch(t.Context(), f))
			path := filepath.Join(dir, "a", "x")
			tc.change(t, path)
			server.requests.Store(0)
			check(t, c.Fetch(t.Context(), f))
			if n := server.requests.Load(); n != tc.requests {
				t.Errorf("%d requests, want %d", n, tc.requests)
			}
			if got, err := os.ReadFile(path); err != nil || sum(got) != known {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		})
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func recordOf(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".fetched")
}

// damage changes one byte of a file.
func damage(t *testing.T, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	check(t, err)
	b[len(b)/2] ^= 1
	check(t, os.WriteFile(path, b, 0o600))
}

// A name from outside does not lead out of the folder, nor do links in it.
func TestFetchOutside(t *testing.T) {
	url := serve(t, &cutting{})
	for _, name := range []string{"../x", "/x", "a/../../x", "", "nul", "link/x"} {
		c, dir := quick(t)
		if err := c.Folder.Symlink("..", "link"); err != nil && runtime.GOOS != "windows" {
			t.Fatal(err)
		}
		if err := c.Fetch(t.Context(), File{URL: url, To: name}); err == nil {
			t.Errorf("%q: no error", name)
		}
		if entries, err := os.ReadDir(filepath.Dir(dir)); err != nil || slices.ContainsFunc(entries, func(e os.DirEntry) bool { return strings.HasPrefix(e.Name(), "x") }) {
			t.Errorf("%q: %v, %v", name, entries, err)
		}
	}
}
