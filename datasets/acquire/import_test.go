package acquire

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"nerbench/datasets"
	"nerbench/internal/fault"
	"nerbench/internal/filetest"
	"nerbench/internal/reference"
	"nerbench/loaders"
	"nerbench/ner"
)

// Two files of an invented dataset: one is recognized by its checksum, one by its name.
const (
	importTest  = "Mira\tB-PER\nleft\tO\n"
	importTrain = "Oslo\tB-LOC\n\nstays\tO\n"
)

const importDatasetFile = `id = "mini"
title = "Mini"
dataset = "mini"
domain = "general"
data_dir = "mini"
families = ["conll"]
overlap = "flat"
offsets = "tokens"
access = "open"
licence = "CC0-1.0"
labels = [{ native = "PER", type = "person" }, { native = "LOC", type = "location" }]
[citation]
key = "nobody2026"
text = "Nobody, 2026"
[[source]]
kind = "url"
where = "https://example.org/mini"
[conll]
separator = "tab"
token_column = 0
tag_column = 1
columns = 2
scheme = "iob2"
[[set]]
name = "mini"
family = "conll"
primary = true
unit = "sentence"
[[set.split]]
name = "train"
files = [{ path = "corpus/train.tsv", also = ["old/learn.tsv"] }]
[[set.split]]
name = "test"
files = [{ path = "corpus/test.tsv", sha256 = "%s", bytes = %d }]
`

// entry is a file of an archive. If link is set, it is a symbolic link.
type entry struct{ name, content, link string }

func tarOf(t *testing.T, members []entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		h := &tar.Header{Name: m.name, Mode: 0o600, Size: int64(len(m.content)), Typeflag: tar.TypeReg}
		if m.link != "" {
			h.Typeflag, h.Linkname, h.Size = tar.TypeSymlink, m.link, 0
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if m.link == "" {
			if _, err := w.Write([]byte(m.content)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipOf(t *testing.T, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zipOf(t *testing.T, members []entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		f, err := w.Create(m.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(m.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// importing is a folder with an invented dataset, and an empty data folder.
type importing struct {
	dir, data string
	dataset   *datasets.Dataset
}

func newImporting(t *testing.T) importing {
	t.Helper()
	dir := t.TempDir()
	sum := sha256.Sum256([]byte(importTest))
	file := fmt.Sprintf(importDatasetFile, hex.EncodeToString(sum[:]), len(importTest))
	dataset, err := datasets.ReadFile(fstest.MapFS{"mini.toml": {Data: []byte(file)}}, "mini.toml")
	if err != nil {
		t.Fatal(err)
	}
	return importing{dir, filepath.Join(dir, "data"), dataset}
}

func (in importing) write(t *testing.T, name, content string) string {
	t.Helper()
	filetest.Write(t, in.dir, map[string]string{name: content})
	return filepath.Join(in.dir, filepath.FromSlash(name))
}

// run imports and returns the result, and the files of the data folder.
func (in importing) run(t *testing.T, source string, o ImportOptions) (out Imported, files []string, err error) {
	t.Helper()
	out, err = (&Acquirer{Data: in.data}).Import(t.Context(), in.dataset, source, o)
	walking := fs.WalkDir(os.DirFS(in.data), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() != originFile && (!d.IsDir() || strings.HasPrefix(d.Name(), ".import")) {
			files = append(files, name)
		}
		return err
	})
	if walking != nil && !errors.Is(walking, fs.ErrNotExist) {
		t.Fatal(walking)
	}
	return out, files, err
}

func TestImport(t *testing.T) {
	both := []entry{
		{name: "other/train.tsv", content: "not\tit\n"}, {name: "release/corpus/train.tsv", content: importTrain},
		{name: "release/corpus/test.tsv", content: importTest}, {name: "readme", content: "x"},
	}
	hidden := append([]entry{{name: "__MACOSX/corpus/._train.tsv", content: "x"}, {name: "corpus/.train.tsv", content: "x"}}, both...)
	linked := append([]entry{{name: "corpus/train.tsv", link: "/etc/passwd"}}, both...)
	for _, tc := range []struct {
		name, file string
		content    []byte
		want       []string // files of the data folder
		by         string   // how each one is recognized
	}{
		{"zip", "x.zip", zipOf(t, both), []string{"mini/corpus/test.tsv", "mini/corpus/train.tsv"}, "checksum name"},
		{"tar", "x.tar", tarOf(t, both), []string{"mini/corpus/test.tsv", "mini/corpus/train.tsv"}, "checksum name"},
		{"tar.gz", "x.tar.gz", gzipOf(t, tarOf(t, both)), []string{"mini/corpus/test.tsv", "mini/corpus/train.tsv"}, "checksum name"},
		{"TGZ", "x.TGZ", gzipOf(t, tarOf(t, both)), []string{"mini/corpus/test.tsv", "mini/corpus/train.tsv"}, "checksum name"},
		{"one file under another name", "copy.dat", []byte(importTest), []string{"mini/corpus/test.tsv"}, "checksum"},
		{"one file under an old name", "learn.tsv", []byte(importTrain), []string{"mini/corpus/train.tsv"}, "its file name alone"},
		{"hidden files are skipped", "x.tar", tarOf(t, hidden), []string{"mini/corpus/test.tsv", "mini/corpus/train.tsv"}, "checksum name"},
		{"links are skipped", "x.tar", tarOf(t, linked), []string{"mini/corpus/test.tsv", "mini/corpus/train.tsv"}, "checksum name"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := newImporting(t)
			source := in.write(t, "from/"+tc.file, string(tc.content))
			out, files, err := in.run(t, source, ImportOptions{})
			if err != nil || !out.Taken {
				t.Fatalf("error %v, %+v", err, out)
			}
			var by []string
			for _, f := range out.Files {
				by = append(by, f.By)
			}
			if !slices.Equal(files, tc.want) || strings.Join(by, " ") != tc.by {
				t.Errorf("files %q recognized by %q, want %q by %q", files, by, tc.want, tc.by)
			}
			for name, want := range map[string]string{"test": importTest, "train": importTrain} {
				if got, err := os.ReadFile(filepath.Join(in.data, "mini", "corpus", name+".tsv")); err == nil && string(got) != want {
					t.Errorf("%s holds %q", name, got)
				}
			}
		})
	}
}

func TestImportFolderBehindLink(t *testing.T) {
	in := newImporting(t)
	in.write(t, "from/corpus/test.tsv", importTest)
	in.write(t, "from/.git/corpus/train.tsv", importTrain)
	link := filepath.Join(in.dir, "link")
	if err := os.Symlink(filepath.Join(in.dir, "from"), link); err != nil {
		reference.Skip(t, "cannot create links: "+err.Error())
	}
	if out, files, err := in.run(t, link, ImportOptions{}); err != nil || !slices.Equal(files, []string{"mini/corpus/test.tsv"}) {
		t.Errorf("error %v, files %q, %+v", err, files, out)
	}
}

// A failed import leaves the data folder unchanged.
func TestImportRefuses(t *testing.T) {
	for _, tc := range []struct {
		name, file, content string
		data                bool   // want a fault.DataError
		want                string // in the error
		differs             string // in a difference
	}{
		{"wrong checksum", "corpus/test.tsv", "Mira\tB-PER\nleft\tI-PER\n", true, "nothing was imported", "sha256 is "},
		{"broken", "learn.tsv", "Mira\n", true, "nothing was imported", "corpus/train.tsv:1: 1 columns, expected 2"},
		{"unknown label", "learn.tsv", "Mira\tB-ORG\n", true, "nothing was imported", `corpus/train.tsv:1: unknown label "ORG"`},
		{"no file of the dataset", "notes.txt", "x", true, "contains no file of dataset mini", ""},
		{"unsupported archive", "x.rar", "x", false, "refused: unpack it first", ""},
		{"not a zip file", "x.zip", "x", false, "zip: not a valid zip file", ""},
		{"not a gzip file", "x.tgz", "x", false, "gzip: ", ""},
		{"truncated", "x.tar", string(tarOf(t, []entry{{name: "corpus/test.tsv", content: importTest}})[:520]), false, "unexpected EOF", ""},
		{"names outside the folder", "x.tar", string(tarOf(t, []entry{{name: "../../corpus/test.tsv", content: importTest}})), false, "refused: the name points outside", ""},
		{"missing", "", "", false, "no such file", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := newImporting(t)
			in.write(t, "data/mini/corpus/test.tsv", importTest)
			in.write(t, "data/mini/corpus/train.tsv", importTrain)
			source := filepath.Join(in.dir, "nosuch")
			if tc.file != "" {
				source = in.write(t, "from/"+filepath.Base(tc.file), tc.content)
			}
			out, files, err := in.run(t, source, ImportOptions{})
			if err == nil || errors.As(err, new(*fault.DataError)) != tc.data || !strings.Contains(err.Error(), tc.want) || out.Taken {
				t.Errorf("error %v, want %q, data error: %t", err, tc.want, tc.data)
			}
			var differences []string
			for _, s := range out.Splits {
				differences = append(differences, s.Differences...)
			}
			if !strings.Contains(strings.Join(differences, "\n"), tc.differs) {
				t.Errorf("differences %q, want %q", differences, tc.differs)
			}
			if want := []string{"mini/corpus/test.tsv", "mini/corpus/train.tsv"}; !slices.Equal(files, want) {
				t.Errorf("files %q, want %q", files, want)
			}
			for name, want := range map[string]string{"test": importTest, "train": importTrain} {
				if got, err := os.ReadFile(filepath.Join(in.data, "mini", "corpus", name+".tsv")); err != nil || string(got) != want {
					t.Errorf("%s holds %q (%v)", name, got, err)
				}
			}
		})
	}
}

func TestImportOptions(t *testing.T) {
	other := "Mira\tB-PER\nleft\tI-PER\n" // does not match the checksum
	for _, tc := range []struct {
		name, file, content string
		o                   ImportOptions
		want                []string // files of the data folder
		taken               bool
		err                 string // in the error; empty: no error
		usage               bool
	}{
		{"accept", "test.tsv", other, ImportOptions{Accept: true}, []string{"mini/corpus/test.tsv"}, true, "it was imported", false},
		{"split is unknown", "x.dat", importTrain, ImportOptions{}, nil, false, "the split of x.dat (as set mini: 2 documents, 1 spans) is unknown", true},
		{"split is given", "x.dat", importTrain, ImportOptions{Split: ner.Train}, []string{"mini/corpus/train.tsv"}, true, "", false},
		{"unknown set", "x.dat", importTrain, ImportOptions{Set: "nosuch"}, nil, false, `set "nosuch": unknown`, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := newImporting(t)
			out, files, err := in.run(t, in.write(t, "from/"+tc.file, tc.content), tc.o)
			if (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) || errors.As(err, new(*fault.UsageError)) != tc.usage {
				t.Errorf("error %v, want %q, usage error: %t", err, tc.err, tc.usage)
			}
			if out.Taken != tc.taken || !slices.Equal(files, tc.want) {
				t.Errorf("taken %t, files %q, want %t, %q", out.Taken, files, tc.taken, tc.want)
			}
		})
	}
}

func TestImportInterrupted(t *testing.T) {
	in := newImporting(t)
	source := in.write(t, "from/test.tsv", importTest)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (&Acquirer{Data: in.data}).Import(ctx, in.dataset, source, ImportOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if left, _ := os.ReadDir(in.data); len(left) > 0 {
		t.Errorf("%v remains in the data folder", left)
	}
}

// A folder with the mark of an interrupted import has no complete dataset. The next import
// removes the mark.
func TestUnfinishedImport(t *testing.T) {
	in := newImporting(t)
	in.write(t, "data/mini/corpus/test.tsv", importTest)
	in.write(t, "data/mini/corpus/train.tsv", importTrain)
	in.write(t, "data/mini/"+loaders.UnfinishedImport, "mini\n")
	_, _, err := loaders.Documents(t.Context(), os.DirFS(in.data), in.dataset, loaders.Options{Split: "test"})
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "an import was interrupted") {
		t.Errorf("error %v", err)
	}
	if state := State(t.Context(), os.DirFS(in.data), in.dataset); state != Missing {
		t.Errorf("state %q, want %q", state, Missing)
	}
	source := in.write(t, "from/test.tsv", importTest)
	if _, files, err := in.run(t, source, ImportOptions{}); err != nil || !slices.Equal(files, []string{"mini/corpus/test.tsv", "mini/corpus/train.tsv"}) {
		t.Errorf("error %v, files %q", err, files)
	}
	if state := State(t.Context(), os.DirFS(in.data), in.dataset); state != Ready {
		t.Errorf("state %q, want %q", state, Ready)
	}
}

func TestHowToGet(t *testing.T) {
	a := &Acquirer{Data: "/my data", DataFlag: true}
	ds, err := datasets.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, d := range ds {
		got[d.ID] = a.HowToGet(d)
	}
	for id, want := range map[string]string{
		"conllpp":         "nerbench datasets fetch conllpp --data '/my data'; or get it from GitHub repository ZihanWangKi/CrossWeigh or ",
		"mit-movie":       "or get it from https://groups.csail.mit.edu/sls/downloads/movie/ or GitHub repository andrewzamai/SLIMER, then nerbench datasets import mit-movie --data '/my data' PATH",
		"findvehicle":     "get it from GitHub repository GuanRunwei/FindVehicle, then nerbench datasets import findvehicle --data '/my data' PATH",
		"ace05":           "needs a paid licence (LDC licence, no redistribution): buy it from Linguistic Data Consortium LDC2006T06, then nerbench",
		"ontonotes":       "apply at Linguistic Data Consortium LDC2013T19, then nerbench",
		"n2c2-2018-task2": "needs an access agreement (",
	} {
		if !strings.Contains(got[id], want) {
			t.Errorf("%s: %s\nwant %s", id, got[id], want)
		}
	}
}
