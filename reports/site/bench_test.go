package site

import (
	"path/filepath"
	"testing"
)

// BenchmarkBuild builds the site of 50 models on 49 datasets.
func BenchmarkBuild(b *testing.B) {
	board := generated(50, 49)
	archive := counted(board)
	dir := filepath.Join(b.TempDir(), "site")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Build(b.Context(), dir, board, archive, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
