package loaders_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"nerbench/datasets"
)

// TestLocks compares the recorded counts and checksums of the datasets with those of
// the reference, also for files that are not part of the reference.
func TestLocks(t *testing.T) {
	ds, err := datasets.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]int{"expected.json": 100, "expected-more.json": 18} {
		var expected struct {
			Rows map[string]struct{ Sets []expectedSet }
		}
		referenceFile(t, &expected, "benchmark", file)
		tested := 0
		for _, id := range slices.Sorted(maps.Keys(expected.Rows)) {
			dataset, err := datasets.Find(ds, id)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range expected.Rows[id].Sets {
				set, err := dataset.Set(e.Set)
				if err != nil {
					t.Errorf("dataset %s: %v", id, err)
					continue
				}
				for split, want := range e.Splits {
					part, err := set.Part(split)
					if err != nil || part.Lock == nil {
						t.Errorf("dataset %s, set %s, split %s: no lock (%v)", id, e.Set, split, err)
						continue
					}
					tested++
					t.Run(fmt.Sprintf("%s/%s/%s", id, e.Set, split), func(t *testing.T) { checkLock(t, part, want) })
				}
			}
		}
		if tested < want {
			t.Errorf("%s: %d splits were compared, want at least %d", file, tested, want)
		}
	}
}

func checkLock(t *testing.T, part *datasets.Part, want expectedSplit) {
	t.Helper()
	got := part.Lock
	equal(t, "documents", got.Documents, want.Units)
	equal(t, "tokens", got.Tokens, want.Tokens)
	equal(t, "spans", got.Spans, want.Spans)
	equalMaps(t, "by type", got.ByType, want.ByType)
	equalMaps(t, "dropped", got.Dropped, want.Dropped)
	equal(t, "texts_sha256", got.TextsSHA256, want.TextsSHA256)
	equal(t, "spans_sha256", got.SpansSHA256, want.SpansSHA256)
	for _, w := range want.Files {
		if w.SHA256 == "" || len(want.Files) != len(part.Files) {
			continue // a pattern, or files that another file describes
		}
		if !slices.ContainsFunc(part.Files, func(f datasets.File) bool { return f.SHA256 == w.SHA256 && f.Bytes == w.Bytes }) {
			t.Errorf("file %s: no file of the split has its checksum and size", w.Path)
		}
	}
}
