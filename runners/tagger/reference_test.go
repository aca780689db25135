package tagger

import (
	"os"
	"slices"
	"testing"

	"nerbench/datasets"
	"nerbench/internal/reference"
	"nerbench/loaders"
	"nerbench/ner"
)

// figures holds the strict span F1, in percent, that the tagger must reach on the test
// split with its defaults. The comments give the F1 at the time of writing, and that of
// CRFsuite's averaged perceptron with plain features on the same files. Equal documents
// give equal weights, so F1 changes only with the code.
var figures = []struct {
	row   string
	least float64
}{
	{"conllpp", 86},           // 87.19; 83.7
	{"wikiann-en", 76},        // 77.25; 73.9
	{"mit-movie", 86},         // 86.45; 85.7
	{"mit-restaurant", 77},    // 77.94; 77.2
	{"bc5cdr", 80},            // 80.53; 80.3
	{"crossner-politics", 53}, // 55.22; 52.7
	{"crossner-ai", 39},       // 40.33; 39.6
}

func TestFiguresOnRealDatasets(t *testing.T) {
	for _, f := range figures {
		t.Run(f.row, func(t *testing.T) {
			t.Parallel()
			dataset, train := realDataset(t, f.row, ner.Train)
			_, test := realDataset(t, f.row, ner.Test)
			m, err := Train(t.Context(), each(train), dataset.Types(), Config{})
			if err != nil {
				t.Fatal(err)
			}
			if l := m.Learnt(); l.Nested+l.Wordless+l.OtherType+l.Extended > 0 {
				t.Errorf("some spans of flat gold on tokens were not learnt: %+v", l)
			}
			got := f1(m, test)
			t.Logf("F1 %.2f, digest %.16s, %+v", got, m.Identity().Digest, m.Learnt())
			if got < f.least {
				t.Errorf("F1 %.2f, want at least %.2f", got, f.least)
			}
		})
	}
}

// realDataset loads a split of a dataset from the reference.
func realDataset(t testing.TB, id string, split ner.Split) (*datasets.Dataset, []*ner.Document) {
	t.Helper()
	data := os.DirFS(reference.Path(t, "data"))
	ds, err := datasets.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(ds, func(r *datasets.Dataset) bool { return r.ID == id })
	if i < 0 {
		t.Fatalf("no dataset %q", id)
	}
	seq, _, err := loaders.Documents(t.Context(), data, ds[i], loaders.Options{Split: split})
	if err != nil {
		t.Fatal(err)
	}
	var docs []*ner.Document
	for d, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, d)
	}
	return ds[i], docs
}
