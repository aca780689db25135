package corpus

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"

	"nerbench/internal/filetest"
)

func gzipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func zstandard(t testing.TB, text string) string {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(z.EncodeAll([]byte(text), nil))
}

type row struct {
	ID   string `parquet:"id"`
	Text string `parquet:"text"`
}

func inParquet(t testing.TB, rows ...row) string {
	t.Helper()
	return parquetOf(t, rows...)
}

func parquetOf[T any](t testing.TB, rows ...T) string {
	t.Helper()
	var b bytes.Buffer
	if err := parquet.Write(&b, rows); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// write makes a folder with files.
func write(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	filetest.Write(t, dir, files)
	return dir
}

func read(t testing.TB, o Options, paths ...string) (texts []string, report Report, err error) {
	t.Helper()
	report, err = Read(t.Context(), paths, o, func(x Text) error {
		texts = append(texts, x.ID+"|"+x.Text+"|"+x.Source)
		return nil
	})
	return texts, report, err
}

func TestRead(t *testing.T) {
	const lines = "{\"id\":\"a\",\"text\":\"Ada ran.\"}\n\n{\"id\":7,\"text\":\"Bo sat.\",\"source\":\"news\"}\n{\"text\":\"Mira swam.\"}"
	want := func(name, source string) []string {
		return []string{"a|Ada ran.|" + source, "7|Bo sat.|news", name + ":4|Mira swam.|" + source}
	}
	dir := write(t, map[string]string{
		"x.jsonl": lines, "y.jsonl.gz": gzipped(t, lines), "z.ndjson.zst": zstandard(t, lines), "crlf.jsonl": "\uFEFF" + strings.ReplaceAll(lines, "\n", "\r\n"),
		"note.txt": "\uFEFFA note.\nIts end.", "p.parquet": inParquet(t, row{"r1", "Ada ran."}, row{"r2", "Bo é."}),
		"tree/b/n.txt": "two", "tree/a/n.txt": "one", "tree/.hidden/n.txt": "no", "tree/picture.png": "no",
		"body.jsonl": "{\"key\":\"k\",\"body\":\"Ada.\"}\n",
	})
	for name, tc := range map[string]struct {
		path string
		o    Options
		want []string
	}{
		"lines":           {"x.jsonl", Options{}, want("x.jsonl", "x")},
		"gzip":            {"y.jsonl.gz", Options{}, want("y.jsonl.gz", "y")},
		"zstandard":       {"z.ndjson.zst", Options{}, want("z.ndjson.zst", "z")},
		"mark and CRLF":   {"crlf.jsonl", Options{}, want("crlf.jsonl", "crlf")},
		"text":            {"note.txt", Options{}, []string{"note.txt|A note.\nIts end.|note"}},
		"parquet":         {"p.parquet", Options{}, []string{"r1|Ada ran.|p", "r2|Bo é.|p"}},
		"folder":          {"tree", Options{}, []string{"a/n.txt|one|a/n", "b/n.txt|two|b/n"}},
		"names of fields": {"body.jsonl", Options{Field: "body", ID: "key"}, []string{"k|Ada.|body"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, report, err := read(t, tc.o, filepath.Join(dir, tc.path))
			if err != nil || !slices.Equal(got, tc.want) || report.Texts != len(tc.want) || report.Faulty != 0 {
				t.Errorf("texts are %q, want %q; %+v, %v", got, tc.want, report, err)
			}
		})
	}
}

// TestChecksums: the checksum is that of the whole file, whatever a parser reads of it.
func TestChecksums(t *testing.T) {
	dir := write(t, map[string]string{"x.jsonl.gz": gzipped(t, "{\"text\":\"a\"}\n"), "p.parquet": inParquet(t, row{"r", "x"})})
	_, report, err := read(t, Options{}, dir)
	if err != nil || len(report.Files) != 2 {
		t.Fatalf("%+v, %v", report, err)
	}
	for _, f := range report.Files {
		info, err := os.Stat(filepath.Join(dir, f.Name))
		if err != nil || f.Bytes != info.Size() || len(f.SHA256) != 64 {
			t.Errorf("%+v: the file has %d bytes (%v)", f, info.Size(), err)
		}
	}
}

func TestFaults(t *testing.T) {
	good := strings.Repeat("{\"text\":\"Ada ran.\"}\n", 300)
	whole := gzipped(t, good)
	for name, tc := range map[string]struct {
		files  map[string]string
		faulty int
		err    string
	}{
		"one broken line of many":        {map[string]string{"x.jsonl": good + "{\"text\":\n"}, 1, ""},
		"one line that is not UTF-8":     {map[string]string{"x.jsonl": good + "{\"text\":\"\xff\"}\n"}, 1, ""},
		"a text that is no string":       {map[string]string{"x.jsonl": good + "{\"text\":[]}\n"}, 1, ""},
		"a later line without the field": {map[string]string{"x.jsonl": good + "{\"txt\":\"a\"}\n"}, 1, ""},
		"a gzip that is cut":             {map[string]string{"a.jsonl": good, "x.jsonl.gz": whole[:len(whole)-4]}, 1, ""},
		"a parquet that is cut":          {map[string]string{"a.jsonl": good, "x.parquet": inParquet(t, row{"a", "b"})[:40]}, 1, ""},
		"too many": {map[string]string{"x.jsonl": "{\"text\":\"a\"}\nnonsense\n"}, 1,
			"corpus: 1 of 2 texts cannot be read, more than 1 %; the first: x.jsonl: line 2: it is no JSON object: want one object a line"},
		"a JSON array": {map[string]string{"x.json": "[{\"text\":\"a\"}]\n"}, 1,
			"the first: x.json: line 1: it is a JSON array: want one object a line (jq -c '.[]' FILE writes them)"},
		"an object of several lines": {map[string]string{"x.json": "{\n\"text\":\"a\"\n}\n"}, 3,
			"the first: x.json: line 1: its JSON object goes on in the next line: want one object a line (jq -c . FILE writes them)"},
		"a gzip that is none": {map[string]string{"x.jsonl.gz": good}, 1, "the first: x.jsonl.gz: byte 0: it cannot be unpacked: gzip: invalid header"},
		"a gzip with an end":  {map[string]string{"x.txt.gz": whole[:len(whole)-4]}, 1, "it cannot be unpacked: unexpected EOF"},
		"a zstd that is none": {map[string]string{"x.jsonl.zst": good}, 1, "the first: x.jsonl.zst: line 1: it cannot be unpacked: invalid input"},
		"text that is not UTF-8": {map[string]string{"x.txt": "ab\xff"}, 1,
			"corpus: 1 of 1 texts cannot be read, more than 1 %; the first: x.txt: byte 2: not valid UTF-8"},
		"no field": {map[string]string{"x.jsonl": "{\"body\":\"a\",\"title\":\"b\"}\n"}, 0,
			"corpus: x.jsonl: line 1: no field text (fields: body, title); --field and --id name others"},
		"a parquet with a long footer": {map[string]string{"x.parquet": "PAR1\x15\x06\x15\xf0PAR1"}, 1, "its footer is longer than the file"},
		"an empty parquet":             {map[string]string{"x.parquet": ""}, 1, "more than 1 %"},
		"no column": {map[string]string{"x.parquet": parquetOf(t, struct {
			ID   string   `parquet:"id"`
			Text []string `parquet:"text,list"`
		}{"a", []string{"b"}})}, 0, "corpus: x.parquet: row 1: no field text (fields: id, text.list.element); --field and --id name others"},
		"a later file without the column": {map[string]string{"a.jsonl": good, "x.parquet": parquetOf(t, struct {
			Body string `parquet:"body"`
		}{"a"})}, 1, ""},
		"a column of numbers": {map[string]string{"x.parquet": parquetOf(t, struct {
			Text int64 `parquet:"text"`
		}{7})}, 1, "the first: x.parquet: row 1: the field text is no string"},
		"a column of several strings": {map[string]string{"x.parquet": parquetOf(t, struct {
			Text []string `parquet:"text"`
		}{[]string{"a", "b"}})}, 1, "the first: x.parquet: row 1: the field text is no string"},
		"empty":   {map[string]string{"x.jsonl": "\n"}, 0, "it has no text"},
		"nothing": {map[string]string{"x.png": "p"}, 0, "no file ends in .jsonl"},
	} {
		t.Run(name, func(t *testing.T) {
			_, report, err := read(t, Options{}, write(t, tc.files))
			if tc.err == "" && err != nil || tc.err != "" && (err == nil || !strings.Contains(err.Error(), tc.err)) {
				t.Errorf("error is %v, want %q", err, tc.err)
			}
			if report.Faulty != tc.faulty || len(report.Faults) != tc.faulty {
				t.Errorf("%d are faulty, want %d", report.Faulty, tc.faulty)
			}
		})
	}
	if _, _, err := read(t, Options{}, filepath.Join(t.TempDir(), "gone.jsonl")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error is %v", err)
	}
}

// TestLostRows: all rows of a damaged group count as faulty, and the rows after it keep
// their numbers.
func TestLostRows(t *testing.T) {
	var b bytes.Buffer
	w := parquet.NewGenericWriter[row](&b, parquet.MaxRowsPerRowGroup(10))
	for i := range 30 {
		if _, err := w.Write([]row{{Text: fmt.Sprintf("Text %02d ends.", i+1)}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	damaged := strings.Replace(b.String(), "Text 15 ends.", "Text 15 ENDS.", 1) // against its checksum
	good := strings.Repeat("{\"text\":\"Ada ran.\"}\n", 2000)
	for name, tc := range map[string]struct {
		files map[string]string
		fails bool
	}{
		"among many": {map[string]string{"a.jsonl": good, "x.parquet": damaged}, false},
		"alone":      {map[string]string{"x.parquet": damaged}, true},
	} {
		texts, report, err := read(t, Options{}, write(t, tc.files))
		if (err != nil) != tc.fails || report.Faulty != 10 || report.Faults[0].At != "row 11" {
			t.Errorf("%s: %+v, %v", name, report, err)
		}
		if last := texts[len(texts)-10]; last != "x.parquet:21|Text 21 ends.|x" {
			t.Errorf("%s: after the damage comes %s", name, last)
		}
	}
}

// TestLongLine: a line without an end takes no memory, and the lines behind it are read.
func TestLongLine(t *testing.T) {
	good := strings.Repeat("{\"text\":\"Ada ran.\"}\n", 200)
	dir := write(t, map[string]string{"x.jsonl": good + "{\"text\":\"" + strings.Repeat("x", longest+10) + "\"}\n{\"id\":\"last\",\"text\":\"end\"}\n"})
	texts, report, err := read(t, Options{}, dir)
	if err != nil || report.Faulty != 1 || texts[len(texts)-1] != "last|end|x" {
		t.Errorf("%d texts, %+v, %v", len(texts), report.Faults, err)
	}
	if got := fmt.Sprint(report.Faults); !strings.Contains(got, "line 201: it is longer than 64 MiB") {
		t.Errorf("faults are %s", got)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("x.jsonl", []byte("{\"text\":\"a\"}\n"))
	f.Add("x.jsonl.gz", []byte(gzipped(f, "{\"text\":\"a\"}\n")))
	f.Add("x.jsonl.zst", []byte(zstandard(f, "{\"text\":\"a\"}\n")))
	f.Add("x.parquet", []byte(inParquet(f, row{"a", "b"})))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		if !slices.Contains([]string{"x.jsonl", "x.jsonl.gz", "x.jsonl.zst", "x.parquet", "x.txt"}, name) {
			return
		}
		_, report, err := read(t, Options{}, write(t, map[string]string{name: string(data)}))
		if err == nil && (report.Texts == 0 || report.tooMany()) {
			t.Errorf("no error, but %+v", report)
		}
	})
}
