package acquire

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/fstest"

	"nerbench/datasets"
	"nerbench/datasets/fetch"
	"nerbench/internal/fault"
	"nerbench/internal/lock"
)

// fetchable is a dataset with one source, the folder /files/ of a server.
func fetchable(t *testing.T, address string) *datasets.Dataset {
	t.Helper()
	d := newImporting(t).dataset
	d.Sources = []datasets.Source{{Kind: "url", Where: address + "/files/", Files: "corpus/test.tsv"}}
	return d
}

// Two fetches of one dataset at the same time, as of two processes: one downloads, the
// other waits and uses its files.
func TestFetchTogether(t *testing.T) {
	var requests atomic.Int32
	waits := make(chan Waiting, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		<-waits // the other one has come
		fmt.Fprint(w, importTest)
	}))
	t.Cleanup(server.Close)
	data := t.TempDir()
	states := make([]string, 2)
	var fetches sync.WaitGroup
	for i := range states {
		d := fetchable(t, server.URL)
		fetches.Go(func() {
			a := &Acquirer{Data: data, Notify: func(e Event) {
				if w, ok := e.(Waiting); ok {
					waits <- w
				}
			}}
			out, err := a.Fetch(t.Context(), d, FetchOptions{})
			if err != nil {
				t.Error(err)
			}
			states[i] = out.State
		})
	}
	fetches.Wait()
	slices.Sort(states)
	if want := []string{Downloaded, Present}; !slices.Equal(states, want) || requests.Load() != 1 {
		t.Errorf("states %q after %d requests, want %q after 1", states, requests.Load(), want)
	}
	if left := below(t, data, "mini"); len(left) > 0 {
		t.Errorf("files remain: %q", left)
	}
}

// An import waits for the import of another process, and the wait ends with the
// context.
func TestImportWaits(t *testing.T) {
	in := newImporting(t)
	source := in.write(t, "from/test.tsv", importTest)
	other, err := lock.Take(t.Context(), filepath.Join(in.data, importLock), func() {})
	if err != nil {
		t.Fatal(err)
	}
	temporary := in.write(t, "data/.import-other/x", "x")
	ctx, cancel := context.WithCancel(t.Context())
	a := &Acquirer{Data: in.data, Notify: func(e Event) {
		if e == (Waiting{"mini", "imports into the data folder"}) {
			cancel()
		}
	}}
	if _, err := a.Import(ctx, in.dataset, source, ImportOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(temporary); err != nil {
		t.Errorf("the folder of the other import: %v", err)
	}
	a.Notify = func(e Event) {
		if _, ok := e.(Waiting); ok {
			if err := other.Release(); err != nil {
				t.Error(err)
			}
		}
	}
	if _, err := a.Import(t.Context(), in.dataset, source, ImportOptions{}); err != nil {
		t.Error(err)
	}
}

// The temporary folders of killed imports are listed, and the next import removes them.
func TestImportRemovesTemporaryFolders(t *testing.T) {
	in := newImporting(t)
	in.write(t, "data/.import-123/mini/corpus/test.tsv", "half")
	in.write(t, "data/.import-456/.content/x", "x")
	in.write(t, "data/.import.lock", "") // of a killed process
	in.write(t, "data/.fetch/mini/x/y.part", "half")
	fetches, imports := Unfinished(os.DirFS(in.data))
	if want := []string{".fetch/mini"}; !slices.Equal(fetches, want) {
		t.Errorf("fetches %q, want %q", fetches, want)
	}
	if want := []string{".import-123", ".import-456"}; !slices.Equal(imports, want) {
		t.Errorf("imports %q, want %q", imports, want)
	}
	_, files, err := in.run(t, in.write(t, "from/test.tsv", importTest), ImportOptions{})
	if want := []string{".fetch/mini/x/y.part", "mini/corpus/test.tsv"}; err != nil || !slices.Equal(files, want) {
		t.Errorf("files %q, error %v, want %q", files, err, want)
	}
}

// A fetch that was killed leaves complete files and parts. The next one checks the
// complete files, and downloads those that are damaged or of another source.
func TestFetchContinues(t *testing.T) {
	var requests atomic.Int32
	other := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(other.Close)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		fmt.Fprint(w, map[string]string{"/files/corpus/test.tsv": importTest, "/files/corpus/train.tsv": importTrain}[r.URL.Path])
	}))
	t.Cleanup(server.Close)
	for name, tc := range map[string]struct {
		content  string // of train.tsv, which has no recorded checksum
		address  string // that it was downloaded from
		requests int32
	}{
		"complete":          {importTrain, server.URL, 1},
		"damaged":           {"Oslo\tB-PER\n\nstays\tO\n", server.URL, 2},
		"of another source": {"Oslo\tB-PER\n\nstays\tO\n", other.URL, 2},
	} {
		t.Run(name, func(t *testing.T) {
			requests.Store(0)
			in := newImporting(t)
			in.dataset.Sources = []datasets.Source{{Kind: "url", Where: server.URL + "/files/", Files: "corpus/test.tsv corpus/train.tsv"}}
			a := &Acquirer{Data: in.data}
			p, err := a.plan(t.Context(), in.dataset.Sources[0], in.dataset)
			if err != nil || len(p.files) != 2 {
				t.Fatalf("%+v, %v", p, err)
			}
			folder := ".fetch/mini/" + p.key() + "/mini/corpus/"
			in.write(t, "data/"+folder+"train.tsv", tc.content)
			in.write(t, "data/"+folder+".train.tsv.fetched", fmt.Sprintf(`{"URL": "%s/files/corpus/train.tsv", "SHA256": "%s"}`, tc.address, sumOfText(importTrain)))
			if out, err := a.Fetch(t.Context(), in.dataset, FetchOptions{}); err != nil || out.State != Downloaded {
				t.Fatalf("%+v, %v", out, err)
			}
			if n := requests.Load(); n != tc.requests {
				t.Errorf("%d requests, want %d", n, tc.requests)
			}
			if got, err := os.ReadFile(filepath.Join(in.data, "mini", "corpus", "train.tsv")); err != nil || string(got) != importTrain {
				t.Errorf("%q, %v", got, err)
			}
			if _, err := os.Stat(filepath.Join(in.data, ".fetch", "mini")); err == nil {
				t.Error("the downloads remain")
			}
		})
	}
}

func sumOfText(s string) string {
	sum, err := sumOf(context.Background(), oneFile(s), "x")
	if err != nil {
		panic(err) // nothing is read from a disk
	}
	return sum
}

// fullDisk is a connection that fails as a full disk does.
type fullDisk struct{ requests atomic.Int32 }

func (d *fullDisk) RoundTrip(*http.Request) (*http.Response, error) {
	d.requests.Add(1)
	return nil, fmt.Errorf("%w: %w", fetch.ErrLocal, syscall.ENOSPC)
}

// A full disk ends the fetch of all datasets, without a try at other sources, and is
// said once.
func TestFetchAllDiskFull(t *testing.T) {
	disk := &fullDisk{}
	var ds []*datasets.Dataset
	for i := range 6 {
		d := fetchable(t, "http://127.0.0.1:1")
		d.ID = fmt.Sprint("mini-", i)
		d.Sources = append(d.Sources, d.Sources[0])
		ds = append(ds, d)
	}
	// The first dataset fails before the others begin.
	a := &Acquirer{Data: t.TempDir(), HTTP: &http.Client{Transport: disk}}
	out, err := a.FetchAll(t.Context(), ds, FetchOptions{})
	if err == nil || err.Error() != "datasets fetch: 6 of 6 datasets could not be fetched" {
		t.Errorf("error %v", err)
	}
	full := 0
	for _, f := range out {
		if f.State != Failed {
			t.Errorf("%+v", f)
		}
		if strings.Contains(f.Why, syscall.ENOSPC.Error()) {
			full++
			if hint, ok := errors.AsType[*fault.Hint](f.Err); !ok || !strings.Contains(hint.Advice, "make room") {
				t.Errorf("error %v has the wrong hint", f.Err)
			}
		} else if !strings.Contains(f.Why, "did not fit") {
			t.Errorf("why %q", f.Why)
		}
	}
	if full != 1 {
		t.Errorf("the disk is full %d times, want once", full)
	}
	if n := disk.requests.Load(); n > parallelFetches {
		t.Errorf("%d requests", n)
	}
}

// oneFile is a folder with the file x.
func oneFile(content string) fstest.MapFS { return fstest.MapFS{"x": {Data: []byte(content)}} }
