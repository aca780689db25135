package acquire

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"nerbench/datasets"
	"nerbench/datasets/fetch"
	"nerbench/internal/fault"
	"nerbench/internal/filetest"
	"nerbench/internal/parallel"
	"nerbench/ner"
)

// hubSentences are the files of an invented dataset of the hub, in two folders.
var hubSentences = map[string]string{
	"train/0.jsonl": `{"tokens": ["Oslo", "."], "tags": ["O", "O"]}` + "\n",
	"test/0.jsonl":  `{"tokens": ["Mira", "left"], "tags": ["B-PER", "O"]}` + "\n",
}

// site is a server with the invented datasets as a folder, as a repository and as a
// dataset of the hub.
func site(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	serve := func(path, content string) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, content) })
	}
	serve("/files/corpus/test.tsv", importTest)
	serve("/broken/corpus/test.tsv", "<html>please sign in</html>")
	serve("/nobody/repo/tar.gz/abc", string(gzipOf(t, tarOf(t, []entry{{name: "repo-abc/corpus/test.tsv", content: importTest}}))))
	serve("/api/datasets/nobody/hubbed", `{"sha": "abc", "siblings": [{"rfilename": "train/0.jsonl"}, {"rfilename": "test/0.jsonl"}, {"rfilename": "README.md"}]}`)
	for name, content := range hubSentences {
		serve("/datasets/nobody/hubbed/resolve/abc/"+name, content)
	}
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

// hubDataset is a dataset whose splits have files of the same name in two folders.
func hubDataset(t *testing.T) *datasets.Dataset {
	t.Helper()
	file := importDatasetFile[:strings.Index(importDatasetFile, "[[source]]")] + `[[source]]
kind = "huggingface"
where = "nobody/hubbed"
[[set]]
name = "hubbed"
family = "jsonl-tokens"
primary = true
unit = "sentence"
[set.fields]
tokens = "tokens"
tags = "tags"
[[set.split]]
name = "train"
files = [{ path = "train/0.jsonl" }]
[[set.split]]
name = "test"
files = [{ path = "test/0.jsonl" }]
`
	file = strings.Replace(file, `families = ["conll"]`, `families = ["jsonl-tokens"]`, 1)
	d, err := datasets.ReadFile(fstest.MapFS{"mini.toml": {Data: []byte(file)}}, "mini.toml")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestFetch(t *testing.T) {
	from := func(sources ...datasets.Source) func(*testing.T) *datasets.Dataset {
		return func(t *testing.T) *datasets.Dataset {
			d := newImporting(t).dataset
			d.Sources = sources
			return d
		}
	}
	address := site(t)
	files := datasets.Source{Kind: "url", Where: address + "/files/", Files: "corpus/test.tsv"}
	broken := datasets.Source{Kind: "url", Where: address + "/broken/", Files: "corpus/test.tsv"}
	repository := datasets.Source{Kind: "github", Where: "nobody/repo", Commit: "abc", Files: "corpus/"}
	conll, hub := []string{"mini/corpus/test.tsv"}, []string{"mini/test/0.jsonl", "mini/train/0.jsonl"}
	for _, tc := range []struct {
		name    string
		dataset func(*testing.T) *datasets.Dataset
		cached  bool // the files of the hub are in HF_HOME
		o       FetchOptions
		state   string
		files   []string // of the data folder
		why     string
	}{
		{"folder", from(files), false, FetchOptions{}, Downloaded, conll, ""},
		{"repository", from(repository), false, FetchOptions{}, Downloaded, conll, ""},
		{"hub", hubDataset, false, FetchOptions{}, Downloaded, hub, ""},
		{"hub, cached by another program", hubDataset, true, FetchOptions{}, Downloaded, hub, ""},
		{"second source", from(broken, files), false, FetchOptions{}, Downloaded, conll, ""},
		{"dry run", from(files), false, FetchOptions{DryRun: true}, Planned, nil, ""},
		{"not the published file", from(broken), false, FetchOptions{}, Failed, nil, "datasets fetch: dataset mini: fetch: "},
		{"no source", from(), false, FetchOptions{}, Failed, nil, "no source offers files for download"},
		{"access agreement", func(t *testing.T) *datasets.Dataset {
			d := from(files)(t)
			d.Access = "agreement"
			return d
		}, false, FetchOptions{}, Refused, nil, "needs an access agreement (CC0-1.0)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			data := filepath.Join(t.TempDir(), "data")
			a := &Acquirer{Data: data, GitHub: address, Hub: fetch.Hub{Endpoint: address}}
			if tc.cached {
				a.Hub.Home = cacheOf(t, hubSentences)
			}
			var mu sync.Mutex
			imports, progress := 0, 0
			a.Notify = func(e Event) {
				mu.Lock()
				defer mu.Unlock()
				switch e.(type) {
				case Imported:
					imports++
				case Progress:
					progress++
				}
			}
			d := tc.dataset(t)
			out, err := a.Fetch(t.Context(), d, tc.o)
			if out.State != tc.state || !strings.Contains(out.Why, tc.why) || (err != nil) != (tc.state == Failed) {
				t.Errorf("state %s, why %q, error %v, want %s, %q", out.State, out.Why, err, tc.state, tc.why)
			}
			if err != nil && !errors.As(err, new(*fault.Hint)) {
				t.Errorf("error %v has no hint", err)
			}
			if got := filesBelow(t, data); !slices.Equal(got, tc.files) {
				t.Errorf("files %q, want %q", got, tc.files)
			}
			if downloaded := tc.state == Downloaded; (imports == 1) != downloaded || (progress > 0) != (downloaded && !tc.cached) {
				t.Errorf("%d import events and %d progress events", imports, progress)
			}
			if tc.state != Downloaded {
				return
			}
			again, err := a.Fetch(t.Context(), d, tc.o)
			if err != nil || again.State != Present {
				t.Errorf("second call: state %s, error %v", again.State, err)
			}
		})
	}
}

// cacheOf is an HF_HOME with the files of the dataset of the hub.
func cacheOf(t *testing.T, files map[string]string) string {
	t.Helper()
	home := t.TempDir()
	filetest.Write(t, filepath.Join(home, "hub", "datasets--nobody--hubbed", "snapshots", "abc"), files)
	return home
}

// filesBelow lists the files of imported datasets.
func filesBelow(t *testing.T, data string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(data, "mini", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, name := range found {
		rel, err := filepath.Rel(data, name)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, filepath.ToSlash(rel))
	}
	return names
}

// FetchAll keeps the order of the datasets and summarizes failures.
func TestFetchAll(t *testing.T) {
	dataset := func(i int, access string) *datasets.Dataset {
		return &datasets.Dataset{ID: fmt.Sprint("mini-", i), Access: access, Sets: []datasets.Set{{Name: "x", Primary: true, Splits: []datasets.Part{{Name: ner.Test}}}}}
	}
	for name, tc := range map[string]struct {
		access []string // "paid" is refused; "open" has no source and fails
		want   string   // the error
		data   bool     // want a fault.DataError
	}{
		"all refused":  {[]string{"paid", "paid", "paid", "paid", "paid"}, "5 of 5 datasets need an access agreement or a licence", true},
		"one failed":   {[]string{"paid", "open", "paid"}, "1 of 3 datasets could not be fetched", false},
		"only failure": {[]string{"open"}, "dataset mini-0: no source offers files for download", false},
	} {
		t.Run(name, func(t *testing.T) {
			var ds []*datasets.Dataset
			for i, access := range tc.access {
				ds = append(ds, dataset(i, access))
			}
			out, err := (&Acquirer{Data: t.TempDir()}).FetchAll(t.Context(), ds, FetchOptions{})
			if err == nil || err.Error() != "datasets fetch: "+tc.want || errors.As(err, new(*fault.DataError)) != tc.data {
				t.Errorf("error %v, want %q", err, tc.want)
			}
			for i, access := range tc.access {
				if want := map[string]string{"paid": Refused, "open": Failed}[access]; out[i].Dataset != ds[i].ID || out[i].State != want {
					t.Errorf("result %d: %+v, want %s", i, out[i], want)
				}
			}
		})
	}
}

func TestFetchAllInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	out, err := (&Acquirer{Data: t.TempDir()}).FetchAll(ctx, []*datasets.Dataset{newImporting(t).dataset}, FetchOptions{})
	if out != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("%d results, error %v", len(out), err)
	}
}

// TestFetchAllPanics: a dataset whose download panics is a failure of this dataset.
func TestFetchAllPanics(t *testing.T) {
	dataset := func(id string) *datasets.Dataset {
		return &datasets.Dataset{ID: id, Access: "open", Sets: []datasets.Set{{Name: "x", Primary: true, Splits: []datasets.Part{{Name: ner.Test}}}}}
	}
	bad := newImporting(t).dataset
	bad.Sources = []datasets.Source{{Kind: "url", Where: "https://example.org/", Files: "corpus/test.tsv"}}
	a := &Acquirer{Data: t.TempDir(), HTTP: &http.Client{Transport: panics{}}}
	out, err := a.FetchAll(t.Context(), []*datasets.Dataset{dataset("one"), bad, dataset("two")}, FetchOptions{})
	if err == nil || !strings.Contains(err.Error(), "3 of 3 datasets could not be fetched") || len(out) != 3 {
		t.Fatalf("error %v, results %+v", err, out)
	}
	if !errors.As(out[1].Err, new(*parallel.PanicError)) || out[1].State != Failed || out[1].Dataset != bad.ID || !strings.Contains(out[1].Why, "internal error: the transport (") {
		t.Errorf("result %+v", out[1])
	}
	for _, i := range []int{0, 2} {
		if !strings.Contains(out[i].Why, "no source offers files for download") {
			t.Errorf("result %+v", out[i])
		}
	}
}

type panics struct{}

func (panics) RoundTrip(*http.Request) (*http.Response, error) { panic("the transport") }
