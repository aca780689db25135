package harness

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"nerbench/datasets"
	"nerbench/internal/campaign"
	"nerbench/ner"
	"nerbench/runners/vllm/vllmtest"
)

// fullSizeMemory is the most memory, in MiB, that the process of a run of any size may take.
const fullSizeMemory = 400

// TestFullSize runs a model on all 49 datasets and builds the site. The datasets have the
// types of the real ones and a part of their passages, with invented text; a try is a
// thousandth of them, so that the full form has 6,650,827 queries. The server answers at
// once, in this process; the run and the site are processes of their own. A larger one is
// done at a tenth of the size before, so that the figures show whether time and memory grow
// with the size.
func TestFullSize(t *testing.T) {
	c := campaign.Start(t, campaign.Size{Short: 1, Full: 1000, Seed: 1})
	var small fullSize
	if c.Tries >= 10 {
		small = measureFullSize(t, float64(c.Tries)/10_000)
		t.Log(small)
	}
	large := measureFullSize(t, float64(c.Tries)/1000)
	t.Log(large)
	if c.Tries >= 10 {
		t.Logf("a query of the larger run: %.2f of the processor time of one of the smaller", large.perQuery()/small.perQuery())
	}
	if want := 6_650_827; c.Tries == 1000 && large.queries != want {
		t.Errorf("%d queries, want %d", large.queries, want)
	}
	c.Saw(large.queries, "queries")
	c.Saw(int(large.store>>20), "MiB of store")
	c.Saw(large.memory, "MiB of memory for the run")
	c.Saw(large.siteMemory, "MiB of memory for the site")
	c.Saw(int(large.log>>20), "MiB of the log at most")
}

// fullSize are the figures of a run on all datasets.
type fullSize struct {
	passages, queries, answers int
	ask, site, again           time.Duration
	processor                  time.Duration // of asking and scoring, without the server
	store, log, pages          int64         // bytes; of the log at most
	memory, siteMemory         int           // largest of the run and of the site, MiB
}

func (f fullSize) perQuery() float64 { return f.processor.Seconds() / float64(f.queries) * 1e6 }

func (f fullSize) String() string {
	return fmt.Sprintf("%d queries about %d passages: asked and scored in %s (%.1f µs of processor time a query), store %.1f MiB (%.1f bytes a query), its log up to %.1f MiB, site of %.1f MiB in %s, again in %s; memory of the run %d MiB, of the site %d MiB",
		f.queries, f.passages, f.ask.Round(10*time.Millisecond), f.perQuery(), float64(f.store)/(1<<20), float64(f.store)/float64(f.queries), float64(f.log)/(1<<20),
		float64(f.pages)/(1<<20), f.site.Round(10*time.Millisecond), f.again.Round(10*time.Millisecond), f.memory, f.siteMemory)
}

// measureFullSize runs and shows a part of the true sizes.
func measureFullSize(t *testing.T, part float64) (f fullSize) {
	t.Helper()
	dir := t.TempDir()
	bench := &Bench{Data: filepath.Join(dir, "data"), Datasets: filepath.Join(dir, "datasets"), Store: filepath.Join(dir, "results.db")}
	job := fullSizeJob{Data: bench.Data, Datasets: bench.Datasets, Store: bench.Store, Server: vllmtest.NewInstant(t, 0).URL}
	real, err := datasets.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range real {
		if d.Table6.Types == 0 { // a sample
			continue
		}
		s := sized{d, max(1, int(float64(d.Table6.Test)*part))}
		if err := s.write(bench); err != nil {
			t.Fatal(err)
		}
		job.Sized = append(job.Sized, s.id())
		f.passages += s.passages
		f.queries += s.passages * d.Table6.Types
	}
	log := watchLog(bench.Store + "-wal")
	start := time.Now()
	ran := job.start(t)
	f.ask, f.log = time.Since(start), log()
	f.processor, f.memory, f.answers = ran.Processor, ran.Memory, ran.Answers
	if ran.Runs != len(job.Sized) || f.answers != f.queries {
		t.Errorf("%d runs with %d answers, want %d with %d", ran.Runs, f.answers, len(job.Sized), f.queries)
	}
	if f.memory > fullSizeMemory {
		t.Errorf("%d queries: %d MiB of memory, want at most %d", f.queries, f.memory, fullSizeMemory)
	}
	info, err := os.Stat(bench.Store)
	if err != nil {
		t.Fatal(err)
	}
	f.store = info.Size()
	pages := filepath.Join(dir, "site")
	job.Site = pages
	for _, took := range []*time.Duration{&f.site, &f.again} {
		start = time.Now()
		built := job.start(t)
		*took = time.Since(start)
		f.siteMemory = max(f.siteMemory, built.Memory)
		if built.Runs != len(job.Sized) {
			t.Fatalf("site: %d runs", built.Runs)
		}
	}
	f.pages = sizeBelow(t, pages)
	return f
}

// sized is a dataset with the types of a real one and invented passages.
type sized struct {
	*datasets.Dataset
	passages int
}

func (s sized) id() string { return "sized-" + s.ID }

// types are as many types as Table 6 has: the files of a few datasets have more.
func (s sized) types() []ner.EntityType {
	types := s.Types()
	for i := len(types); i < s.Table6.Types; i++ {
		types = append(types, ner.EntityType(fmt.Sprintf("further type %d", i)))
	}
	return types[:s.Table6.Types]
}

// write writes the description of the dataset, and its test split as columns.
func (s sized) write(b *Bench) error {
	var text strings.Builder
	fmt.Fprintf(&text, "id = %q\ntitle = %q\ndataset = %q\ndomain = %q\ndata_dir = %q\n", s.id(), "Sized "+s.Title, s.id(), s.Domain, s.id())
	text.WriteString("families = [\"conll\"]\noverlap = \"flat\"\noffsets = \"tokens\"\naccess = \"open\"\nlicence = \"CC0-1.0\"\ntext = \"publish\"\nlabels = [\n")
	for i, name := range s.types() {
		fmt.Fprintf(&text, "  { native = \"T%d\", type = %q },\n", i, name)
	}
	text.WriteString("]\n[citation]\nkey = \"nobody2026\"\ntext = \"Nobody, 2026\"\n[[source]]\nkind = \"url\"\nwhere = \"https://example.org/sized\"\n")
	text.WriteString("[conll]\nseparator = \"tab\"\ntoken_column = 0\ntag_column = 1\ncolumns = 2\nscheme = \"iob2\"\n")
	text.WriteString("[[set]]\nname = \"sized\"\nfamily = \"conll\"\nprimary = true\nunit = \"sentence\"\n[[set.split]]\nname = \"test\"\nfiles = [{ path = \"test.tsv\" }]\n")
	for _, dir := range []string{b.Datasets, filepath.Join(b.Data, s.id())} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(b.Datasets, s.id()+".toml"), []byte(text.String()), 0o600); err != nil {
		return err
	}
	text.Reset()
	types := s.Table6.Types
	for i := range s.passages {
		for k := range 1 + i%5 {
			fmt.Fprintf(&text, "%s-%d\tB-T%d\nmoved\tO\nfrom\tO\nPort\tB-T%d\nVarna\tI-T%d\n", s.ID, i, i%types, (i+k+1)%types, (i+k+1)%types)
		}
		text.WriteString(".\tO\n\n")
	}
	return os.WriteFile(filepath.Join(b.Data, s.id(), "test.tsv"), []byte(text.String()), 0o600)
}

// watchLog watches the size of a file that comes and goes. The function that it returns
// ends this, and returns the largest size.
func watchLog(path string) func() int64 {
	ctx, stop := context.WithCancel(context.Background())
	most := make(chan int64)
	go func() {
		var peak int64
		for {
			if info, err := os.Stat(path); err == nil {
				peak = max(peak, info.Size())
			}
			select {
			case <-ctx.Done():
				most <- peak
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	return func() int64 {
		stop()
		return <-most
	}
}

// sizeBelow is the size of all files of a folder.
func sizeBelow(t *testing.T, dir string) (size int64) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(dir), ".", func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return size
}

// TestSizedTypes: the invented datasets have 49 rows and the queries of the real ones.
func TestSizedTypes(t *testing.T) {
	real, err := datasets.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	rows, queries := 0, 0
	for _, d := range real {
		if d.Table6.Types == 0 {
			continue
		}
		s := sized{d, d.Table6.Test}
		types := s.types()
		if slices.Sort(types); len(slices.Compact(types)) != d.Table6.Types {
			t.Errorf("%s: types %v", d.ID, types)
		}
		rows++
		queries += s.passages * len(types)
	}
	if rows != 49 || queries != 6_650_827 {
		t.Errorf("%d datasets with %d queries", rows, queries)
	}
}
