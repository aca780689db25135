package acquire

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"nerbench/datasets"
	"nerbench/internal/reference"
)

// deepDataset is a dataset with a pattern for files at any depth.
func deepDataset(t testing.TB) *datasets.Dataset {
	t.Helper()
	sum := sha256.Sum256([]byte(importTest))
	file := fmt.Sprintf(importDatasetFile, hex.EncodeToString(sum[:]), len(importTest))
	from := strings.Index(file, `[{ path = "corpus/train.tsv"`)
	to := from + strings.Index(file[from:], "\n")
	file = file[:from] + `[{ path = "conll-2012-test/data/english/annotations/**/*.gold_conll", also = ["test/data/english/annotations/**/*.gold_conll"] }]` + file[to:]
	d, err := datasets.ReadFile(fstest.MapFS{"mini.toml": {Data: []byte(file)}}, "mini.toml")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// below lists the files below a folder with their sizes, except those below skip.
func below(t testing.TB, folder, skip string) []string {
	t.Helper()
	var found []string
	err := fs.WalkDir(os.DirFS(folder), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == skip:
			return fs.SkipDir
		case !d.IsDir():
			info, err := d.Info()
			if err != nil {
				return err
			}
			found = append(found, fmt.Sprintf("%s (%d)", name, info.Size()))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// outsideNames are names of members that would be written outside the temporary
// folder, the dataset's folder or the data folder, if their parents counted.
func outsideNames() []string {
	const annotations = "conll-2012-test/data/english/annotations"
	var all []string
	for _, n := range []int{1, 2, 3, 4, 5, 6, 9, 12} {
		up := strings.Repeat("/..", n)
		all = append(all,
			annotations+"/nw/a/b"+up+"/x.gold_conll",
			"conll-2012-test"+up+"/x.gold_conll",
			"release/"+annotations+"/a"+up+"/x.gold_conll",
			"a/b/c"+up+"/"+annotations+"/x.gold_conll",
			annotations+"/nw/"+strings.ReplaceAll(up[1:], "/", `\`)+`\x.gold_conll`,
			strings.TrimPrefix(up, "/")+"/"+annotations+"/x.gold_conll",
		)
	}
	return append(all, "/"+annotations+"/x.gold_conll", `C:\`+annotations+`\x.gold_conll`, annotations+"/nw/.. /x.gold_conll")
}

// An archive writes no file outside the data folder, whatever the names of its members
// are, and whether or not its other files are imported.
func TestImportWritesNothingOutside(t *testing.T) {
	good := entry{name: "release/conll-2012-test/data/english/annotations/nw/y.gold_conll", content: importTrain}
	for _, packing := range []struct {
		file string
		pack func(*testing.T, []entry) []byte
	}{
		{"x.zip", zipOf},
		{"x.tar", tarOf},
		{"x.tar.gz", func(t *testing.T, e []entry) []byte { return gzipOf(t, tarOf(t, e)) }},
	} {
		for i, name := range outsideNames() {
			t.Run(fmt.Sprintf("%s %d", packing.file, i), func(t *testing.T) {
				in := newImporting(t)
				in.dataset, in.data = deepDataset(t), filepath.Join(in.dir, "a", "b", "data")
				source := in.write(t, "from/"+packing.file, string(packing.pack(t, []entry{good, {name: name, content: importTrain}})))
				before := below(t, in.dir, "a/b/data")
				for _, o := range []ImportOptions{{}, {Accept: true}} {
					out, files, err := in.run(t, source, o)
					if err == nil || !strings.Contains(err.Error(), "refused: ") || out.Taken || len(files) > 0 {
						t.Errorf("%q: error %v, files %q", name, err, files)
					}
				}
				if after := below(t, in.dir, "a/b/data"); !slices.Equal(before, after) {
					t.Errorf("%q: files outside: %q, before %q", name, after, before)
				}
			})
		}
	}
}

// What a source or a link in the data folder makes of a name, no file leaves the folder
// of the dataset.
func TestStagedNamesAreLocal(t *testing.T) {
	in := newImporting(t)
	if err := os.MkdirAll(in.data, 0o700); err != nil {
		t.Fatal(err)
	}
	s, err := (&Acquirer{Data: in.data}).openStage(t.Context(), in.dataset)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	im := &importer{ctx: t.Context(), dataset: in.dataset, stage: s.files, found: map[string]candidate{}}
	for _, want := range []string{"../x", "../../x", "/x", "a/../../x", "", ".."} {
		if err := im.copyTo([]string{want}, strings.NewReader("x")); err == nil {
			t.Errorf("%q: no error", want)
		}
		if err := writeFile(s.files, "../"+path.Join("x", want), strings.NewReader("x")); err == nil {
			t.Errorf("%q: written outside", want)
		}
	}
	if left := below(t, in.dir, "nosuch"); len(left) != 1 || !strings.HasPrefix(left[0], "data/"+importLock) {
		t.Errorf("files %q", left)
	}
}

// Members of a folder whose names cannot be used are left out, and listed.
func TestImportLeavesOutUnusableNames(t *testing.T) {
	in := newImporting(t)
	in.write(t, "from/corpus/test.tsv", importTest)
	if runtime.GOOS == "windows" {
		reference.Skip(t, "the system refuses these names")
	}
	in.write(t, "from/corpus/nul", "x")
	in.write(t, "from/corpus/a\nb", "x")
	out, files, err := in.run(t, filepath.Join(in.dir, "from"), ImportOptions{})
	if err != nil || !slices.Equal(files, []string{"mini/corpus/test.tsv"}) {
		t.Fatalf("error %v, files %q", err, files)
	}
	if want := []string{`left out: "corpus/a\nb": refused: not a usable file name: it has a control character`,
		`left out: "corpus/nul": refused: not a usable file name: Windows reserves it for a device`}; !slices.Equal(out.Left, want) {
		t.Errorf("left out %q, want %q", out.Left, want)
	}
}

// A source that is a device or a pipe is refused: it may be endless.
func TestImportRefusesDevices(t *testing.T) {
	in := newImporting(t)
	if _, err := os.Stat("/dev/zero"); err != nil {
		reference.Skip(t, "no /dev/zero")
	}
	if _, _, err := in.run(t, "/dev/zero", ImportOptions{}); err == nil || !strings.Contains(err.Error(), "neither a file nor a folder") {
		t.Errorf("error %v", err)
	}
}

// The user's own link to the folder of a dataset is followed; a link inside that folder
// that leads out of it is not.
func TestImportThroughLinks(t *testing.T) {
	for name, tc := range map[string]struct {
		link, to string // in the data folder, and its target beside it
		want     []string
	}{
		"folder of the dataset":         {"mini", "elsewhere", []string{"elsewhere/.nerbench-import.jsonl", "elsewhere/corpus/test.tsv"}},
		"folder inside the data folder": {"mini", "data/other", []string{"data/other/.nerbench-import.jsonl", "data/other/corpus/test.tsv"}},
		"folder of the release":         {"mini/corpus", "elsewhere", nil},
	} {
		t.Run(name, func(t *testing.T) {
			in := newImporting(t)
			target := filepath.Join(in.dir, filepath.FromSlash(tc.to))
			link := filepath.Join(in.data, filepath.FromSlash(tc.link))
			if err := errors.Join(os.MkdirAll(target, 0o755), os.MkdirAll(filepath.Dir(link), 0o755)); err != nil {
				t.Fatal(err)
			}
			if rel, err := filepath.Rel(filepath.Dir(link), target); err != nil {
				t.Fatal(err)
			} else if os.Symlink(rel, link) != nil {
				reference.Skip(t, "cannot create links")
			}
			source := in.write(t, "from/test.tsv", importTest)
			_, _, err := in.run(t, source, ImportOptions{})
			if (err == nil) != (tc.want != nil) {
				t.Errorf("error %v", err)
			}
			var got []string
			for _, line := range below(t, in.dir, "from") {
				if name, _, _ := strings.Cut(line, " "); strings.HasPrefix(name, tc.to) {
					got = append(got, name)
				}
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("files %q, want %q", got, tc.want)
			}
		})
	}
}

// Only the user can read what is imported; folders and files that exist keep their
// permissions.
func TestImportModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		reference.Skip(t, "the system has other permissions")
	}
	in := newImporting(t)
	modes := func(want map[string]fs.FileMode) {
		t.Helper()
		for name, mode := range want {
			if info, err := os.Stat(filepath.Join(in.data, name)); err != nil || info.Mode().Perm() != mode {
				t.Errorf("%s: mode %v, error %v, want %v", name, info.Mode().Perm(), err, mode)
			}
		}
	}
	source := in.write(t, "from/test.tsv", importTest)
	if _, _, err := in.run(t, source, ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	modes(map[string]fs.FileMode{".": 0o700, "mini": 0o700, "mini/corpus": 0o700, "mini/corpus/test.tsv": 0o600, "mini/" + originFile: 0o600})
	for name, mode := range map[string]fs.FileMode{".": 0o755, "mini": 0o750, "mini/corpus": 0o770, "mini/corpus/test.tsv": 0o640} {
		if err := os.Chmod(filepath.Join(in.data, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := in.run(t, source, ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := in.run(t, in.write(t, "from/learn.tsv", importTrain), ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	modes(map[string]fs.FileMode{".": 0o755, "mini": 0o750, "mini/corpus": 0o770, "mini/corpus/test.tsv": 0o640, "mini/corpus/train.tsv": 0o600})
}

// FuzzMemberNames imports archives with one member of any name: the import is refused,
// or all its files are in the folder of the dataset.
func FuzzMemberNames(f *testing.F) {
	for i, name := range outsideNames() {
		if i%7 == 0 {
			f.Add(name, byte(i))
		}
	}
	f.Add("conll-2012-test/data/english/annotations/nw/x.gold_conll", byte(0))
	f.Add("test.tsv", byte(1))
	d := deepDataset(f)
	f.Fuzz(func(t *testing.T, name string, packing byte) {
		if name == "" || strings.HasSuffix(name, "/") || strings.ContainsRune(name, 0) {
			return // a folder, or the writers refuse it
		}
		in := importing{dir: t.TempDir(), dataset: d}
		in.data = filepath.Join(in.dir, "a", "b", "data")
		file, pack := "x.zip", zipOf
		if packing%2 == 1 {
			file, pack = "x.tar", tarOf
		}
		source := in.write(t, "from/"+file, string(pack(t, []entry{{name: name, content: importTrain}})))
		before := below(t, in.dir, "a/b/data")
		_, files, err := in.run(t, source, ImportOptions{Accept: true})
		for _, file := range files {
			if !strings.HasPrefix(file, "mini/") {
				t.Errorf("%q: file %q", name, file)
			}
		}
		if err == nil && len(files) == 0 {
			t.Errorf("%q: no files and no error", name)
		}
		if after := below(t, in.dir, "a/b/data"); !slices.Equal(before, after) {
			t.Errorf("%q: files outside: %q, before %q", name, after, before)
		}
	})
}
