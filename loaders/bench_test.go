package loaders_test

import (
	"bytes"
	"fmt"
	"os"
	"testing"
	"testing/fstest"

	"nerbench/datasets"
	"nerbench/internal/reference"
	"nerbench/loaders"
	"nerbench/ner"
)

// BenchmarkConll prints MB/s of native text on one core; the budget is 100
// (DESIGN.md §6). allocs/op divided by the documents says what a document costs.
func BenchmarkConll(b *testing.B) {
	var text bytes.Buffer
	documents := 0
	for text.Len() < 16<<20 {
		fmt.Fprintf(&text, "Station\tB-place\n%d\tI-place\nreports\tO\nsteady\tO\nrainfall\tO\nover\tO\nLüder\tB-place\n,\tO\nsaid\tO\nMira\tB-person\nOkafor\tI-person\n.\tO\n\n", documents)
		documents++
	}
	row := columnRow(&datasets.Conll{Separator: "tab", TagColumn: 1, Columns: 2, Scheme: "iob2"})
	data := fstest.MapFS{"own/test.txt": {Data: text.Bytes()}}
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		docs, _, err := loaders.Documents(b.Context(), data, row, loaders.Options{Split: "test"})
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for _, err := range docs {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != documents {
			b.Fatalf("%d documents, want %d", n, documents)
		}
	}
}

// BenchmarkRealFiles reads the real files of a few rows.
func BenchmarkRealFiles(b *testing.B) {
	data := os.DirFS(reference.Path(b, "data"))
	rows, err := datasets.Embedded()
	if err != nil {
		b.Fatal(err)
	}
	for _, id := range []string{"conllpp", "wikiann-en", "bc5cdr", "mit-movie"} {
		b.Run(id, func(b *testing.B) {
			row, err := datasets.Find(rows, id)
			if err != nil {
				b.Fatal(err)
			}
			set, err := row.Set("")
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(set.Splits[0].Files[0].Bytes)
			for b.Loop() {
				docs, _, err := loaders.Documents(b.Context(), data, row, loaders.Options{Split: ner.Train})
				if err != nil {
					b.Fatal(err)
				}
				for _, err := range docs {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

// BenchmarkFingerprint is what a run pays before its first question.
func BenchmarkFingerprint(b *testing.B) {
	row := columnRow(&datasets.Conll{Separator: "tab", TagColumn: 1, Columns: 2, Scheme: "iob2"})
	text := bytes.Repeat([]byte("Mira\tB-person\nOkafor\tI-person\nleft\tO\nLüder\tB-place\n.\tO\n\n"), 20000)
	docs, _, err := read(b, row, string(text))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		print := loaders.NewFingerprint()
		for _, d := range docs {
			print.Add(d)
		}
	}
}
