package filetest_test

import (
	"path/filepath"
	"testing"

	"nerbench/datasets"
	"nerbench/internal/filetest"
)

// TestDataset: the files of invented datasets are valid.
func TestDataset(t *testing.T) {
	d := filetest.Dataset{ID: "zoo", Title: `Zoo "é"`, Text: "never", Labels: [][2]string{{"PER", "keeper"}, {"PET", "beast"}}, Splits: []string{"train", "test"}}
	for name, text := range map[string]string{"columns": d.Columns(), "documents": d.Documents()} {
		dir := t.TempDir()
		filetest.Write(t, dir, map[string]string{"zoo.toml": text})
		list, bad, err := datasets.LintFiles([]string{filepath.Join(dir, "zoo.toml")})
		if err != nil || bad > 0 || len(list) != 1 || list[0].Types != 2 {
			t.Errorf("%s: %+v, %v\n%s", name, list, err, text)
		}
	}
}
