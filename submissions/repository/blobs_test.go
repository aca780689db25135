package repository

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nerbench/bundles"
	"nerbench/harness"
	"nerbench/internal/fault"
)

// host publishes blobs, and counts requests.
type host struct {
	*httptest.Server
	blobs    map[string][]byte // by path
	answer   func(w http.ResponseWriter, r *http.Request, content []byte)
	requests atomic.Int32
}

func newHost(t *testing.T) *host {
	h := &host{blobs: map[string][]byte{}}
	h.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.requests.Add(1)
		content, there := h.blobs[r.URL.Path]
		switch {
		case h.answer != nil:
			h.answer(w, r, content)
		case !there:
			http.NotFound(w, r)
		default:
			_, _ = w.Write(content)
		}
	}))
	t.Cleanup(h.Close)
	return h
}

// away moves the blobs of a repository to a host, whose address board.toml has.
func (h *host) away(t *testing.T, dir string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "blobs/*.zst"))
	if err != nil || len(names) != 2 {
		t.Fatalf("%v, %v", names, err)
	}
	for _, name := range names {
		h.blobs["/files/blobs/"+filepath.Base(name)] = []byte(read(t, name))
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	h.name(t, dir)
	git(t, dir, "add", "--all")
	git(t, dir, "commit", "-q", "-m", "away")
}

// name writes the address into board.toml.
func (h *host) name(t *testing.T, dir string) {
	t.Helper()
	file := filepath.Join(dir, "board.toml")
	if err := os.WriteFile(file, []byte(`addresses = ["`+h.URL+`/files/"]`+"\n"+read(t, file)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (h *host) client(cache string) Blobs {
	return Blobs{Cache: cache, HTTP: h.Client(), Tries: 1, Wait: time.Millisecond}
}

// TestBlobsAtAddresses: answers are taken from the addresses of board.toml once, and
// verified; the site is that of the same repository with its answers.
func TestBlobsAtAddresses(t *testing.T) {
	b, dir := board(t)
	_, want, err := build(t, b, dir, false)
	if err != nil {
		t.Fatal(err)
	}
	h := newHost(t)
	h.away(t, dir)
	blobs := h.client(filepath.Join(t.TempDir(), "cache"))
	for try, requests := range []int32{2, 0} {
		h.requests.Store(0)
		v, err := Verify(t.Context(), b, dir, "", blobs)
		if err != nil || len(v.Runs) != 2 || len(v.Unchecked) > 0 || h.requests.Load() != requests {
			t.Errorf("try %d: %+v, %v, %d requests, want %d", try, v, err, h.requests.Load(), requests)
		}
	}
	r := BuildRequest{Dir: dir, Out: filepath.Join(t.TempDir(), "site"), Blobs: blobs}
	if done, err := Build(t.Context(), b, r); err != nil || done.Runs != 2 || len(want.Cells.Run) != 2 {
		t.Errorf("built %+v, %v", done, err)
	}
	run := want.Cells.Run[0]
	if err := Export(t.Context(), dir, run, filepath.Join(t.TempDir(), "x.nbz"), blobs); err != nil {
		t.Error(err)
	}
	// A damaged file of the cache is downloaded again; without addresses, it is missing.
	files, _ := filepath.Glob(filepath.Join(blobs.Cache, "*.zst"))
	if len(files) != 2 {
		t.Fatalf("the cache has %q", files)
	}
	appendTo(t, files[0], "x")
	h.requests.Store(0)
	if v, err := Verify(t.Context(), b, dir, "", blobs); err != nil || h.requests.Load() != 1 {
		t.Errorf("a damaged file: %+v, %v, %d requests", v, err, h.requests.Load())
	}
	// With no cache, nothing is downloaded.
	if v, err := Verify(t.Context(), b, dir, "", Blobs{HTTP: h.Client()}); !errors.As(err, new(*fault.DataError)) || len(v.Unchecked) != 2 {
		t.Errorf("no cache: %+v, %v", v, err)
	}
	// A submission does not name the addresses from which its answers are taken.
	appendTo(t, filepath.Join(dir, "board.toml"), "\n")
	git(t, dir, "commit", "-q", "-a", "-m", "rules")
	h.requests.Store(0)
	blobs.Cache = t.TempDir()
	if v, err := Verify(t.Context(), b, dir, "HEAD~2", blobs); err == nil || h.requests.Load() != 0 {
		t.Errorf("addresses of a submission: %+v, %v, %d requests", v, err, h.requests.Load())
	}
}

// TestBadAddresses: what an address sends instead of the answers is refused, and nothing
// of it is kept.
func TestBadAddresses(t *testing.T) {
	for name, tc := range map[string]struct {
		answer func(w http.ResponseWriter, r *http.Request, content []byte)
		want   string // in the faults; empty: the runs are unchecked, and a note says why
		note   string
	}{
		"other bytes": {func(w http.ResponseWriter, _ *http.Request, content []byte) {
			_, _ = w.Write(append(bytes.Clone(content), 'x'))
		}, "not the published file: sha256 is", ""},
		"a page": {func(w http.ResponseWriter, _ *http.Request, _ []byte) { _, _ = io.WriteString(w, "<html>log in") }, "not the published file", ""},
		"too large": {func(w http.ResponseWriter, _ *http.Request, _ []byte) {
			for range bundles.MaxMember/(1<<20) + 1 {
				_, _ = w.Write(make([]byte, 1<<20))
			}
		}, "too large", ""},
		"said to be too large": {func(w http.ResponseWriter, _ *http.Request, _ []byte) {
			w.Header().Set("Content-Length", "99999999999")
		}, "too large", ""},
		"missing": {func(w http.ResponseWriter, r *http.Request, _ []byte) { http.NotFound(w, r) }, "", "404 Not Found"},
		"refused": {func(w http.ResponseWriter, _ *http.Request, _ []byte) { w.WriteHeader(http.StatusForbidden) }, "", "403 Forbidden"},
		"no response": {func(_ http.ResponseWriter, r *http.Request, _ []byte) {
			<-r.Context().Done()
		}, "", "the server sends nothing for 200ms"},
		"one byte after the other": {func(w http.ResponseWriter, r *http.Request, content []byte) {
			for _, c := range bytes.Repeat(content, 10) {
				_, _ = w.Write([]byte{c})
				w.(http.Flusher).Flush()
				select {
				case <-r.Context().Done():
					return
				case <-time.After(20 * time.Millisecond):
				}
			}
		}, "", "not complete after 1s"},
		"to http": {func(w http.ResponseWriter, r *http.Request, _ []byte) {
			http.Redirect(w, r, "http://127.0.0.1:1/x", http.StatusFound)
		}, "", "https must not become http"},
	} {
		t.Run(name, func(t *testing.T) {
			b, dir := board(t)
			h := newHost(t)
			h.away(t, dir)
			h.answer = tc.answer
			blobs := h.client(filepath.Join(t.TempDir(), "cache"))
			switch name { // any response may be slow on a busy machine
			case "no response":
				blobs.Stall = 200 * time.Millisecond
			case "one byte after the other":
				blobs.Longest = time.Second
			}
			var notes []string
			b.Notify = func(e harness.Event) { notes = append(notes, e.Note) }
			v, err := Verify(t.Context(), b, dir, "", blobs)
			if tc.want != "" && (err == nil || len(v.Faults) != 2 || !strings.Contains(v.Faults[0], tc.want)) {
				t.Errorf("faults %q, %v, want %q", v.Faults, err, tc.want)
			}
			said := strings.Join(notes, "\n")
			if tc.want == "" && (!errors.As(err, new(*fault.DataError)) || len(v.Unchecked) != 2 || !strings.Contains(said, tc.note)) {
				t.Errorf("unchecked %q, %v, notes %s, want %q", v.Unchecked, err, said, tc.note)
			}
			if kept, _ := filepath.Glob(filepath.Join(blobs.Cache, "*.zst")); len(kept) > 0 {
				t.Errorf("kept %q", kept)
			}
			if strings.Contains(said, "does not respond") != (name == "no response" || strings.HasPrefix(name, "one byte") || name == "to http") {
				t.Errorf("an address without a response is asked once: %s", said)
			}
		})
	}
}

// TestLargeAnswers: answers that are too large for the repository are written into the
// user's cache, with the address at which they have to be.
func TestLargeAnswers(t *testing.T) {
	b, dir := board(t)
	h := newHost(t)
	r := AddRequest{Dir: dir, File: bundle(t, b, 2, key(t, 1), "sample-law"), User: "mira", Key: key(t, 1), Blobs: h.client(t.TempDir()), largest: 10}
	if _, err := Add(t.Context(), r); err == nil || !strings.Contains(err.Error(), "board.toml has no addresses") {
		t.Errorf("no address: %v", err)
	}
	if v, err := Verify(t.Context(), b, dir, "HEAD", Blobs{}); err != nil || len(v.Runs) > 0 {
		t.Errorf("something was added: %+v, %v", v, err)
	}
	h.name(t, dir)
	added, err := Add(t.Context(), r)
	if err != nil || len(added.Publish) != 1 || strings.Contains(strings.Join(added.Files, " "), "blobs/") {
		t.Fatalf("added %+v, %v", added, err)
	}
	p := added.Publish[0]
	if p.Address != h.URL+"/files/blobs/"+filepath.Base(p.File) {
		t.Errorf("published at %s", p.Address)
	}
	if v, err := Verify(t.Context(), b, dir, "", r.Blobs); err != nil || h.requests.Load() > 0 {
		t.Errorf("not published yet: %+v, %v, %d requests", v, err, h.requests.Load())
	}
	h.blobs[strings.TrimPrefix(p.Address, h.URL)] = []byte(read(t, p.File))
	if v, err := Verify(t.Context(), b, dir, "", h.client(t.TempDir())); err != nil || h.requests.Load() != 1 {
		t.Errorf("elsewhere: %+v, %v, %d requests", v, err, h.requests.Load())
	}
}
