package loaders_test

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"nerbench/datasets"
	"nerbench/internal/reference"
	"nerbench/loaders"
	"nerbench/ner"
)

// BenchmarkConll prints MB/s of native text on one core; the target is 100
// (docs/benchmarks.md). Divide allocs/op by the documents to get the allocations
// per document.
func BenchmarkConll(b *testing.B) {
	var text bytes.Buffer
	documents := 0
	for text.Len() < 16<<20 {
		fmt.Fprintf(&text, "Station\tB-place\n%d\tI-place\nreports\tO\nsteady\tO\nrainfall\tO\nover\tO\nLüder\tB-place\n,\tO\nsaid\tO\nMira\tB-person\nOkafor\tI-person\n.\tO\n\n", documents)
		documents++
	}
	dataset := columnDataset(&datasets.Conll{Separator: "tab", TagColumn: 1, Columns: 2, Scheme: "iob2"})
	data := fstest.MapFS{"own/test.txt": {Data: text.Bytes()}}
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		docs, _, err := loaders.Documents(b.Context(), data, dataset, loaders.Options{Split: "test"})
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

// BenchmarkRealFiles reads the real files of a few datasets.
func BenchmarkRealFiles(b *testing.B) {
	data := os.DirFS(reference.Path(b, "data"))
	ds, err := datasets.Embedded()
	if err != nil {
		b.Fatal(err)
	}
	for _, id := range []string{"conllpp", "wikiann-en", "bc5cdr", "mit-movie"} {
		b.Run(id, func(b *testing.B) {
			dataset, err := datasets.Find(ds, id)
			if err != nil {
				b.Fatal(err)
			}
			set, err := dataset.Set("")
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(set.Splits[0].Files[0].Bytes)
			for b.Loop() {
				docs, _, err := loaders.Documents(b.Context(), data, dataset, loaders.Options{Split: ner.Train})
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

// BenchmarkFingerprint measures the work of a run before its first query.
func BenchmarkFingerprint(b *testing.B) {
	dataset := columnDataset(&datasets.Conll{Separator: "tab", TagColumn: 1, Columns: 2, Scheme: "iob2"})
	text := bytes.Repeat([]byte("Mira\tB-person\nOkafor\tI-person\nleft\tO\nLüder\tB-place\n.\tO\n\n"), 20000)
	docs, _, err := read(b, dataset, string(text))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		fingerprint := loaders.NewFingerprint()
		for _, d := range docs {
			fingerprint.Add(d)
		}
	}
}

// BenchmarkFamilies prints MB/s of native text on one core by family, on invented
// files. The targets are 100 for line-based families, 40 for XML and JSON
// (docs/benchmarks.md).
func BenchmarkFamilies(b *testing.B) {
	const size = 8 << 20
	repeat := func(head, unit, tail string) string {
		return head + strings.Repeat(unit, size/len(unit)) + strings.TrimSuffix(tail, ",")
	}
	pairs := func(unit string) string { return strings.TrimSuffix(strings.Repeat(unit+",\n", size/len(unit)), ",\n") }
	conll2012 := strings.Repeat("nw/x/0 0 0 Mira NNP (S* - - - - (PER* * -\nnw/x/0 0 1 Okafor NNP * - - - - *) * -\nnw/x/0 0 2 left VBD *) - - - - * (V*) -\n\n", size/130)
	abstract := "1|t|Mira Okafor left Essa\n1|a|Rainfall stayed steady over the station, and nobody in Essa knew what Mira Okafor had seen there.\n1\t0\t11\tMira Okafor\tPER\tX\n1\t21\t25\tEssa\tLOC\tY\n\n"
	for _, bench := range []struct {
		family, name, text string
	}{
		{"pubtator", "a.txt", strings.Repeat(abstract, size/len(abstract))},
		{"conll-2012", "a.conll", conll2012},
		{"conll-layered", "a.iob2", strings.Repeat("Mira\tB-PER\tO\nOkafor\tI-PER\tO\nleft\tO\tO\nEssa\tB-LOC\tO\n\n", size/60)},
		{"jsonl-tokens", "a.json", strings.Repeat(`{"lang": "en", "tokens": ["Rainfall", "stayed", "steady", "over", "the", "station", "of", "Essa", ",", "said", "Mira", "Okafor", "."], "tags": ["O", "O", "O", "O", "O", "O", "O", "B-LOC", "O", "O", "B-PER", "I-PER", "O"]}`+"\n", size/220)},
		{"dygie-json", "a.json", strings.Repeat(`{"doc_key": "x", "sentences": [["Rainfall", "stayed", "steady", "over", "the", "station", "of", "Essa", ",", "said", "Mira", "Okafor", "."]], "ner": [[[7, 7, "LOC"], [10, 11, "PER"]]]}`+"\n", size/180)},
		{"spert-json", "a.json", "[" + pairs(`{"tokens": ["Rainfall", "stayed", "steady", "over", "Essa", ",", "said", "Mira", "Okafor", "."], "entities": [{"type": "LOC", "start": 4, "end": 5}, {"type": "PER", "start": 7, "end": 9}]}`) + "]"},
		{"bioc-json", "a.json", `{"documents": [` + pairs(`{"id": "1", "passages": [{"offset": 0, "text": "Rainfall stayed steady over the station of Essa, said Mira Okafor.", "annotations": [{"infons": {"type": "LOC"}, "text": "Essa", "locations": [{"offset": 43, "length": 4}]}]}]}`) + "]}"},
		{"bioc-xml", "a.xml", repeat("<collection>", `<document><id>1</id><passage><infon key="type">title</infon><offset>0</offset><text>Rainfall stayed steady over the station of Essa, said Mira Okafor.</text><annotation id="1"><infon key="type">LOC</infon><location offset="43" length="4"/><text>Essa</text></annotation></passage></document>`+"\n", "</collection>")},
		{"genia-xml", "a.xml", repeat("<set>", `<sentence>The <cons lex="a" sem="G#other_name"><cons lex="b" sem="G#protein_molecule">rainfall receptor</cons> gene</cons> stayed steady over the station, said nobody.</sentence>`+"\n", "</set>")},
		{"csv-tokens", "a.csv", "token,tag,doc\n" + strings.Repeat("Mira,1,0\nOkafor,2,0\nleft,0,0\n\",\",0,0\nEssa,3,0\nBo,1,1\nleft,0,1\n.,0,1\n", size/75)},
	} {
		b.Run(bench.family, func(b *testing.B) {
			dataset := nativeDataset(bench.family, ownFields[bench.family], bench.name)
			if bench.family == "genia-xml" {
				dataset.LabelRule = datasets.SemPrefix
			}
			data := fstest.MapFS{"own/" + bench.name: {Data: []byte(bench.text)}}
			if bench.family == "jsonl-tokens" {
				dataset.Sets[0].Fields = &datasets.Fields{Tokens: "tokens", Tags: "tags"}
			}
			b.SetBytes(int64(len(bench.text)))
			b.ReportAllocs()
			for b.Loop() {
				docs, _, err := loaders.Documents(b.Context(), data, dataset, loaders.Options{Split: "test"})
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

// BenchmarkBigFile reads a file of columns that is larger than memory should hold,
// and prints the peak growth of the heap.
func BenchmarkBigFile(b *testing.B) {
	for _, gigabytes := range []int64{0, 1} {
		size := max(gigabytes<<30, 64<<20)
		b.Run(fmt.Sprintf("%dMB", size>>20), func(b *testing.B) {
			dataset := columnDataset(&datasets.Conll{Separator: "tab", TagColumn: 1, Columns: 2, Scheme: "iob2"})
			unit := []byte("Station\tB-place\n12\tI-place\nreports\tO\nsteady\tO\nrainfall\tO\n.\tO\n\n")
			b.SetBytes(size)
			var most uint64
			for b.Loop() {
				runtime.GC()
				before := heap()
				docs, _, err := loaders.Documents(b.Context(), endless{unit, size}, dataset, loaders.Options{Split: "test"})
				if err != nil {
					b.Fatal(err)
				}
				n := 0
				for _, err := range docs {
					if err != nil {
						b.Fatal(err)
					}
					if n++; n%100_000 == 0 {
						most = max(most, heap()-min(before, heap()))
					}
				}
				if n == 0 {
					b.Fatal("no documents")
				}
			}
			b.ReportMetric(float64(most)/(1<<20), "MiB-heap")
		})
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// endless is a data folder whose only file repeats a text up to a size.
type endless struct {
	unit []byte
	size int64
}

func (e endless) Open(name string) (fs.File, error) {
	if name != "own/test.txt" {
		return nil, fs.ErrNotExist
	}
	return &endlessFile{endless: e}, nil
}

type endlessFile struct {
	endless
	at int64
}

func (f *endlessFile) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) && f.at < f.size {
		k := copy(p[n:], f.unit[f.at%int64(len(f.unit)):])
		n += k
		f.at += int64(k)
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (f *endlessFile) Stat() (fs.FileInfo, error) { return fileInfo{f.size}, nil }
func (f *endlessFile) Close() error               { return nil }

type fileInfo struct{ size int64 }

func (i fileInfo) Name() string       { return "test.txt" }
func (i fileInfo) Size() int64        { return i.size }
func (i fileInfo) Mode() fs.FileMode  { return 0o444 }
func (i fileInfo) ModTime() time.Time { return time.Time{} }
func (i fileInfo) IsDir() bool        { return false }
func (i fileInfo) Sys() any           { return nil }
