package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nerbench/internal/reference"
)

// Two files of an invented dataset: one is known by its checksum, one by its name.
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

// member is a file of an archive; link makes it a symbolic link.
type member struct{ name, content, link string }

func tarOf(t *testing.T, members []member) []byte {
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

func zipOf(t *testing.T, members []member) []byte {
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

// importing is a place to import to: a dataset of one's own and an empty data folder.
type importing struct{ dir, rows, data string }

func newImporting(t *testing.T) importing {
	t.Helper()
	dir := t.TempDir()
	in := importing{dir, filepath.Join(dir, "datasets"), filepath.Join(dir, "data")}
	sum := sha256.Sum256([]byte(importTest))
	in.write(t, "datasets/mini.toml", fmt.Sprintf(importDatasetFile, hex.EncodeToString(sum[:]), len(importTest)))
	return in
}

func (in importing) write(t *testing.T, name, content string) string {
	t.Helper()
	to := filepath.Join(in.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return to
}

// run imports and returns the exit code, what was printed, and the files of the
// data folder.
func (in importing) run(t *testing.T, source string) (code int, out imported, stderr string, files []string) {
	t.Helper()
	var stdout, faults bytes.Buffer
	env := &environment{stdin: strings.NewReader(""), stdout: &stdout, stderr: &faults, getenv: func(string) string { return "" }}
	code = run(t.Context(), []string{"nerbench", "datasets", "import", "mini", source, "--datasets", in.rows, "--data", in.data, "--json"}, env)
	if stdout.Len() > 0 {
		if err := json.Unmarshal(stdout.Bytes(), &out); err != nil {
			t.Fatalf("%v\n%s", err, stdout.String())
		}
	}
	err := fs.WalkDir(os.DirFS(in.data), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() != originFile && (!d.IsDir() || strings.HasPrefix(d.Name(), ".import")) {
			files = append(files, name)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return code, out, faults.String(), files
}

func TestImport(t *testing.T) {
	both := []member{
		{name: "other/train.tsv", content: "not\tit\n"}, {name: "release/corpus/train.tsv", content: importTrain},
		{name: "release/corpus/test.tsv", content: importTest}, {name: "readme", content: "x"},
	}
	hostile := []member{
		{name: "../../corpus/test.tsv", content: importTest}, {name: "/corpus/train.tsv", content: importTrain},
		{name: "__MACOSX/corpus/._train.tsv", content: "x"},
	}
	linked := append([]member{{name: "corpus/train.tsv", link: "/etc/passwd"}}, both...)
	for _, tc := range []struct {
		name, file string
		content    []byte
		want       []string // files of the data folder
		by         string   // how each is known
	}{
		{"zip", "x.zip", zipOf(t, both), []string{"mini/corpus/test.tsv", "mini/corpus/train.tsv"}, "checksum name"},
		{"tar", "x.tar", tarOf(t, both), []string{"mini/corpus/test.tsv", "mini/corpus/train.tsv"}, "checksum name"},
		{"tar.gz", "x.tar.gz", gzipOf(t, tarOf(t, both)), []string{"mini/corpus/test.tsv", "mini/corpus/train.tsv"}, "checksum name"},
		{"TGZ", "x.TGZ", gzipOf(t, tarOf(t, both)), []string{"mini/corpus/test.tsv", "mini/corpus/train.tsv"}, "checksum name"},
		{"one file under another name", "copy.dat", []byte(importTest), []string{"mini/corpus/test.tsv"}, "checksum"},
		{"one file under an old name", "learn.tsv", []byte(importTrain), []string{"mini/corpus/train.tsv"}, "name"},
		{"names that climb", "x.tar", tarOf(t, hostile), []string{"mini/corpus/test.tsv", "mini/corpus/train.tsv"}, "checksum name"},
		{"links are passed over", "x.tar", tarOf(t, linked), []string{"mini/corpus/test.tsv", "mini/corpus/train.tsv"}, "checksum name"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := newImporting(t)
			source := in.write(t, "from/"+tc.file, string(tc.content))
			code, out, stderr, files := in.run(t, source)
			if code != exitOK || !out.Taken {
				t.Fatalf("exit code %d, %+v\n%s", code, out, stderr)
			}
			var by []string
			for _, f := range out.Files {
				by = append(by, f.By)
			}
			if !slices.Equal(files, tc.want) || strings.Join(by, " ") != tc.by {
				t.Errorf("files %q known by %q, want %q by %q", files, by, tc.want, tc.by)
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
		reference.Skip(t, "links cannot be made here: "+err.Error())
	}
	if code, out, stderr, files := in.run(t, link); code != exitOK || !slices.Equal(files, []string{"mini/corpus/test.tsv"}) {
		t.Errorf("exit code %d, files %q, %+v\n%s", code, files, out, stderr)
	}
}

// What cannot be taken over leaves the data folder as it was.
func TestImportRefuses(t *testing.T) {
	for _, tc := range []struct {
		name, file, content string
		code                int
		want                string // in the error
		differs             string // in a difference
	}{
		{"wrong checksum", "corpus/test.tsv", "Mira\tB-PER\nleft\tI-PER\n", exitData, "nothing was imported", "sha256 is "},
		{"broken", "learn.tsv", "Mira\n", exitData, "nothing was imported", "corpus/train.tsv:1: 1 columns, expected 2"},
		{"unknown label", "learn.tsv", "Mira\tB-ORG\n", exitData, "nothing was imported", `corpus/train.tsv:1: unknown label \"ORG\"`},
		{"nothing of it", "notes.txt", "x", exitData, "holds none of the files of dataset mini", ""},
		{"another packer", "x.rar", "x", exitError, "refused: unpack it first", ""},
		{"no zip", "x.zip", "x", exitError, "zip: not a valid zip file", ""},
		{"no gzip", "x.tgz", "x", exitError, "gzip: ", ""},
		{"cut short", "x.tar", string(tarOf(t, []member{{name: "corpus/test.tsv", content: importTest}})[:520]), exitError, "unexpected EOF", ""},
		{"not there", "", "", exitError, "no such file", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := newImporting(t)
			in.write(t, "data/mini/corpus/test.tsv", importTest)
			in.write(t, "data/mini/corpus/train.tsv", importTrain)
			source := filepath.Join(in.dir, "nosuch")
			if tc.file != "" {
				source = in.write(t, "from/"+filepath.Base(tc.file), tc.content)
			}
			code, out, stderr, files := in.run(t, source)
			if code != tc.code || !strings.Contains(stderr, tc.want) || out.Taken {
				t.Errorf("exit code %d, want %d with %q: %s", code, tc.code, tc.want, stderr)
			}
			differences, err := json.Marshal(out.Splits)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(differences), tc.differs) {
				t.Errorf("differences %s, want %q", differences, tc.differs)
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

func TestArchiveBudget(t *testing.T) {
	b := newBudget(100)
	_, err := io.Copy(io.Discard, b.reader(zeros{}))
	if !errors.Is(err, errBomb) || b.unpacked < 64<<20 || b.unpacked > 65<<20 {
		t.Errorf("read %d bytes, error %v", b.unpacked, err)
	}
	b = newBudget(100)
	for err = nil; err == nil; err = b.member() {
	}
	if b.members != mostMembers+1 {
		t.Errorf("%d members", b.members)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func TestImportInterrupted(t *testing.T) {
	in := newImporting(t)
	source := in.write(t, "from/test.tsv", importTest)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out bytes.Buffer
	env := &environment{stdout: &out, stderr: &out, getenv: func(string) string { return "" }}
	if code := run(ctx, []string{"nerbench", "datasets", "import", "mini", source, "--datasets", in.rows, "--data", in.data}, env); code != exitInterrupted {
		t.Errorf("exit code %d, want %d: %s", code, exitInterrupted, out.String())
	}
	if left, _ := os.ReadDir(in.data); len(left) > 0 {
		t.Errorf("%v is left in the data folder", left)
	}
}

func TestHowToGet(t *testing.T) {
	env := &environment{data: "/my data", dataGiven: true, getenv: func(string) string { return "" }}
	ds, err := env.allDatasets()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, r := range ds {
		got[r.ID] = env.howToGet(r)
	}
	for id, want := range map[string]string{
		"conllpp":         "nerbench datasets fetch conllpp --data '/my data'; or get it from GitHub repository ZihanWangKi/CrossWeigh or ",
		"mit-movie":       "or get it from https://groups.csail.mit.edu/sls/downloads/movie/ or GitHub repository andrewzamai/SLIMER, then nerbench datasets import mit-movie --data '/my data' PATH",
		"findvehicle":     "get it from GitHub repository GuanRunwei/FindVehicle, then nerbench datasets import findvehicle --data '/my data' PATH",
		"ace05":           "needs a licence that is paid for (LDC licence, no redistribution): Linguistic Data Consortium LDC2006T06",
		"n2c2-2018-task2": "needs an agreement (",
	} {
		if !strings.Contains(got[id], want) {
			t.Errorf("%s: %s\nwant %s", id, got[id], want)
		}
	}
}
