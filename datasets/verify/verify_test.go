package verify

import (
	"strings"
	"testing"
	"testing/fstest"

	"nerbench/datasets"
	"nerbench/loaders"
	"nerbench/ner"
)

const conll = "Mira\tB-PER\nleft\tO\n\nBo\tB-PER\n.\tO\n"

// dataset is an invented dataset with a test split of one file.
func dataset(lock *datasets.Lock) *datasets.Dataset {
	return &datasets.Dataset{
		ID: "mini", DataDir: "mini", Families: []string{"conll"},
		Labels: []datasets.Label{{Native: "PER", Type: "person"}},
		Conll:  &datasets.Conll{Separator: "tab", TokenColumn: 0, TagColumn: 1, Scheme: "iob2"},
		Sets: []datasets.Set{{Name: "mini", Family: "conll", Primary: true, Unit: "sentence", Splits: []datasets.Part{
			{Name: ner.Train, Files: []datasets.File{{Path: "train.tsv"}}},
			{Name: ner.Test, Files: []datasets.File{{Path: "test.tsv"}}, Lock: lock},
		}}},
	}
}

// measured returns the counts and checksums that Verify finds in the test split.
func measured(t *testing.T, data fstest.MapFS) *datasets.Lock {
	t.Helper()
	s, err := Jobs([]*datasets.Dataset{dataset(nil)})[1].Verify(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	lock := &datasets.Lock{Documents: s.Documents, Tokens: s.Tokens, Spans: s.Spans, ByType: s.ByType, TextsSHA256: s.TextsSHA256, SpansSHA256: s.SpansSHA256, Ceiling: map[string]float64{}}
	for mode, f := range s.Ceiling {
		lock.Ceiling[mode] = *f
	}
	return lock
}

func TestVerify(t *testing.T) {
	good := fstest.MapFS{"mini/test.tsv": {Data: []byte(conll)}}
	for _, tc := range []struct {
		name   string
		data   fstest.MapFS
		change func(*datasets.Lock) // change of the recorded counts; nil: not recorded
		state  loaders.State
		want   string // in a difference
	}{
		{"as recorded", good, func(*datasets.Lock) {}, loaders.StateOK, ""},
		{"not recorded", good, nil, loaders.StateUnlocked, ""},
		{"missing", fstest.MapFS{}, nil, loaders.StateMissing, "test.tsv: missing"},
		{"other count", good, func(l *datasets.Lock) { l.Documents = 3 }, loaders.StateDiffers, "documents: found 2, expected 3"},
		{"other ceiling", good, func(l *datasets.Lock) { l.Ceiling["all"] = 0.5 }, loaders.StateDiffers, "ceiling of mode all: found 100.00, expected 0.500000"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var lock *datasets.Lock
			if tc.change != nil {
				lock = measured(t, good)
				tc.change(lock)
			}
			s, err := Jobs([]*datasets.Dataset{dataset(lock)})[1].Verify(t.Context(), tc.data)
			if err != nil {
				t.Fatal(err)
			}
			if s.State != tc.state || !strings.Contains(strings.Join(s.Differences, "\n"), tc.want) || (tc.want == "") != (len(s.Differences) == 0) {
				t.Errorf("state %s, differences %q, want %s, %q", s.State, s.Differences, tc.state, tc.want)
			}
		})
	}
}

func TestNeeded(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*datasets.Dataset)
		want   [2]bool // of the splits train and test
	}{
		"test is needed":      {func(*datasets.Dataset) {}, [2]bool{false, true}},
		"train is recorded":   {func(d *datasets.Dataset) { d.Sets[0].Splits[0].Lock = &datasets.Lock{} }, [2]bool{true, true}},
		"no test split":       {func(d *datasets.Dataset) { d.Sets[0].Splits[1].Name = ner.Dev }, [2]bool{true, true}},
		"not the primary set": {func(d *datasets.Dataset) { d.Sets[0].Primary = false }, [2]bool{false, false}},
	} {
		t.Run(name, func(t *testing.T) {
			d := dataset(nil)
			tc.change(d)
			jobs := Jobs([]*datasets.Dataset{d})
			if got := [2]bool{jobs[0].Needed(), jobs[1].Needed()}; got != tc.want {
				t.Errorf("needed %v, want %v", got, tc.want)
			}
		})
	}
}
