package acquire

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"nerbench/datasets"
	"nerbench/internal/fault"
	"nerbench/ner"
)

// sentences is a column file with that many invented sentences.
func sentences(name string, n int) string {
	return strings.Repeat(name+"\tB-PER\nleft\tO\n\n", n)
}

// contentOf is a column file of the named corpus. A digit at the end is the number of
// its sentences, instead of two.
func contentOf(corpus string) string {
	if n := corpus[len(corpus)-1] - '0'; n <= 9 {
		return sentences(corpus, int(n))
	}
	return sentences(corpus, 2)
}

// columns is a set of column files; splits are lines such as `train: a.tsv`.
func columns(name string, primary bool, splits ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[[set]]\nname = %q\nfamily = \"conll\"\nprimary = %t\nunit = \"sentence\"\n", name, primary)
	for _, s := range splits {
		split, file, _ := strings.Cut(s, ": ")
		path, sum, locked := strings.Cut(file, " = ")
		more := ""
		if locked {
			hash := sha256.Sum256([]byte(sum))
			more = fmt.Sprintf(", sha256 = %q, bytes = %d", hex.EncodeToString(hash[:]), len(sum))
		}
		fmt.Fprintf(&b, "[[set.split]]\nname = %q\nfiles = [{ path = %q%s }]\n", split, path, more)
	}
	return b.String()
}

// datasetOf is an invented dataset with these sets.
func datasetOf(t *testing.T, sets ...string) *datasets.Dataset {
	t.Helper()
	head, _, _ := strings.Cut(importDatasetFile, "[[set]]")
	d, err := datasets.ReadFile(fstest.MapFS{"mini.toml": {Data: []byte(head + strings.ReplaceAll(strings.Join(sets, ""), "\\n", "\n"))}}, "mini.toml")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// counted gives a dataset the counts of Table 6.
func counted(d *datasets.Dataset, train, test int) *datasets.Dataset {
	d.Table6 = datasets.Table6{Train: train, Test: test}
	d.CountRule = datasets.CountRule{Status: "exact", View: map[ner.Split]datasets.View{ner.Train: datasets.ViewAll, ner.Test: datasets.ViewAll}}
	return d
}

// TestImportChooses gives each source that is easily confused to the import. The
// content of a file names the corpus that it is from.
func TestImportChooses(t *testing.T) {
	deep := func(t *testing.T) *datasets.Dataset {
		return datasetOf(t, columns("science", true, "train: ner_data/science/train.txt", "test: ner_data/science/test.txt"))
	}
	corpus := func(t *testing.T) *datasets.Dataset {
		return datasetOf(t, columns("corpus", true, "train: corpus/train.tsv", "test: corpus/test.tsv"))
	}
	folders := func(t *testing.T) *datasets.Dataset {
		return datasetOf(t, columns("folders", true, "train: Mini-1.0/columns/train/*", "test: Mini-1.0/columns/test/*"))
	}
	for _, tc := range []struct {
		name    string
		dataset func(*testing.T) *datasets.Dataset
		files   map[string]string // of the source: the corpus that each is from
		source  string            // PATH below the folder with the files
		o       ImportOptions
		want    map[string]string // files of the data folder
		err     string            // in the error; empty: no error
	}{
		{"the file of another corpus beside the right one", corpus,
			map[string]string{"Other-IOB/test.tsv": "wrong", "Other-IOB/train.tsv": "wrong", "mini/test.tsv": "right", "mini/train.tsv": "right"},
			"", ImportOptions{}, map[string]string{"corpus/train.tsv": "right", "corpus/test.tsv": "right"}, ""},
		{"the whole path before its end", corpus,
			map[string]string{"a/train.tsv": "wrong", "a/test.tsv": "wrong", "z/corpus/train.tsv": "right", "z/corpus/test.tsv": "right"},
			"", ImportOptions{}, map[string]string{"corpus/train.tsv": "right", "corpus/test.tsv": "right"}, ""},
		{"the whole path from the top of the source", corpus,
			map[string]string{"corpus/train.tsv": "right", "corpus/test.tsv": "right", "old/corpus/train.tsv": "wrong", "old/corpus/test.tsv": "wrong"},
			"", ImportOptions{}, map[string]string{"corpus/train.tsv": "right", "corpus/test.tsv": "right"}, ""},
		{"the folder of another domain first", deep,
			map[string]string{"ai/train.txt": "wrong", "ai/test.txt": "wrong", "science/train.txt": "right", "science/test.txt": "right"},
			"", ImportOptions{}, map[string]string{"ner_data/science/train.txt": "right", "ner_data/science/test.txt": "right"}, ""},
		{"the domain is the source itself", deep,
			map[string]string{"ner_data/science/train.txt": "right", "ner_data/science/old/train.txt": "wrong"},
			"ner_data/science", ImportOptions{}, map[string]string{"ner_data/science/train.txt": "right"}, ""},
		{"two releases", corpus,
			map[string]string{"v1/corpus/train.tsv": "one", "v1/corpus/test.tsv": "one", "v2/corpus/train.tsv": "two", "v2/corpus/test.tsv": "two"},
			"", ImportOptions{}, nil, "2 folders with different files fit set corpus of dataset mini; choose one:\n  --folder v1  (test.tsv, train.tsv)\n  --folder v2  (test.tsv, train.tsv)"},
		{"two releases with one split each", corpus, map[string]string{"v1/train.tsv": "one", "v2/test.tsv": "two"},
			"", ImportOptions{}, nil, "\n  --folder v1  (train.tsv)\n  --folder v2  (test.tsv)"},
		{"two releases, one is chosen", corpus,
			map[string]string{"v1/corpus/train.tsv": "one", "v1/corpus/test.tsv": "one", "v2/corpus/train.tsv": "two", "v2/corpus/test.tsv": "two"},
			"", ImportOptions{Folder: "v2"}, map[string]string{"corpus/train.tsv": "two", "corpus/test.tsv": "two"}, ""},
		{"the top of the source is chosen", corpus, map[string]string{"train.tsv": "one", "old/train.tsv": "two"},
			"", ImportOptions{Folder: "."}, map[string]string{"corpus/train.tsv": "one"}, ""},
		{"the top of the source is not chosen", corpus, map[string]string{"train.tsv": "one", "old/train.tsv": "two"},
			"", ImportOptions{}, nil, "\n  --folder .  (train.tsv)\n  --folder old  (train.tsv)"},
		{"a folder that is not there", corpus, map[string]string{"train.tsv": "one"}, "", ImportOptions{Folder: "v3"}, nil, "--folder v3"},
		{"two releases in an archive", corpus,
			map[string]string{"v1/corpus/test.tsv": "one", "v2/corpus/test.tsv": "two"}, "x.zip", ImportOptions{}, nil, "\n  --folder v1  (test.tsv)\n  --folder v2  (test.tsv)"},
		{"two releases in an archive, one is chosen", corpus,
			map[string]string{"v1/corpus/test.tsv": "one", "v2/corpus/test.tsv": "two"}, "x.zip", ImportOptions{Folder: "v1"}, map[string]string{"corpus/test.tsv": "one"}, ""},
		{"two equal copies", corpus, map[string]string{"a/corpus/test.tsv": "one", "b/corpus/test.tsv": "one"},
			"", ImportOptions{}, map[string]string{"corpus/test.tsv": "one"}, ""},
		{"the checksum decides the folder of the others", func(t *testing.T) *datasets.Dataset {
			return datasetOf(t, columns("corpus", true, "train: corpus/train.tsv", "test: corpus/test.tsv = "+sentences("right", 2)))
		}, map[string]string{"a/train.tsv": "wrong", "a/test.tsv": "wrong", "b/train.tsv": "right3", "b/test.tsv": "right"},
			"", ImportOptions{}, map[string]string{"corpus/train.tsv": "right3", "corpus/test.tsv": "right"}, ""},
		{"a file that the checksum gives to another set", func(t *testing.T) *datasets.Dataset {
			return datasetOf(t, columns("conll", true, "train: conll/train.tsv", "test: conll/test.tsv = "+sentences("same", 2)),
				columns("IOB", false, "train: Mini-IOB/train.tsv = "+sentences("copy", 2), "test: Mini-IOB/test.tsv = "+sentences("same", 2)))
		}, map[string]string{"Mini-IOB/train.tsv": "copy", "Mini-IOB/test.tsv": "same"},
			"", ImportOptions{}, map[string]string{"conll/test.tsv": "same", "Mini-IOB/train.tsv": "copy", "Mini-IOB/test.tsv": "same"}, ""},
		{"a name that fits two splits", func(t *testing.T) *datasets.Dataset {
			return datasetOf(t, columns("parts", true, "train: train/0.tsv", "test: test/0.tsv"))
		}, map[string]string{"0.tsv": "one"}, "", ImportOptions{}, nil, "the split of 0.tsv (as set parts: 2 documents, 2 spans) is unknown"},
		{"a file of a pattern, in its folder", folders, map[string]string{"Mini-1.0/columns/train/a.tsv": "a", "Mini-1.0/columns/test/b.tsv": "b", "readme.tsv": "no"},
			"", ImportOptions{}, map[string]string{"Mini-1.0/columns/train/a.tsv": "a", "Mini-1.0/columns/test/b.tsv": "b"}, ""},
		{"the folder of a pattern is the source", folders, map[string]string{"Mini-1.0/columns/train/a.tsv": "a", "Mini-1.0/columns/train/b.tsv": "b"},
			"Mini-1.0/columns/train", ImportOptions{}, map[string]string{"Mini-1.0/columns/train/a.tsv": "a", "Mini-1.0/columns/train/b.tsv": "b"}, ""},
		{"the folders of a pattern below another folder", folders, map[string]string{"renamed/columns/train/a.tsv": "a", "renamed/columns/test/b.tsv": "b"},
			"", ImportOptions{}, map[string]string{"Mini-1.0/columns/train/a.tsv": "a", "Mini-1.0/columns/test/b.tsv": "b"}, ""},
		{"the folders of a pattern in two releases", folders, map[string]string{"a/columns/train/a.tsv": "a", "b/columns/train/a.tsv": "b"},
			"", ImportOptions{}, nil, "\n  --folder a  (a.tsv)\n  --folder b  (a.tsv)"},
		{"a deep pattern that is the source", func(t *testing.T) *datasets.Dataset {
			return datasetOf(t, columns("deep", true, "all: English/**/gold/*.tsv"))
		}, map[string]string{"English/bc/gold/a.tsv": "a", "English/nw/gold/b.tsv": "b", "English/nw/other/b.tsv": "no"}, "English", ImportOptions{},
			map[string]string{"English/bc/gold/a.tsv": "a", "English/nw/gold/b.tsv": "b"}, ""},
		{"any file that can be read", corpus, map[string]string{"mine/train-me.dat": "mine"}, "", ImportOptions{}, nil,
			"no file has a name, checksum or count of dataset mini; if these are its files, import each with its set and split:\n" +
				"  nerbench datasets import mini %s/mine/train-me.dat --set corpus --split train  (2 documents, 2 spans)"},
		{"any file that can be read, as the split that is named", corpus, map[string]string{"mine/train-me.dat": "mine"}, "", ImportOptions{Split: ner.Train},
			map[string]string{"corpus/train.tsv": "mine"}, ""},
		{"any file that can be read, as the set that is named", corpus, map[string]string{"mine/train-me.dat": "mine"}, "", ImportOptions{Set: "corpus"},
			map[string]string{"corpus/train.tsv": "mine"}, ""},
		{"unpacked", func(t *testing.T) *datasets.Dataset {
			return datasetOf(t, columns("packed", true, "test: pack/Mini.txt.gz = "+string(gzipOf(t, []byte(sentences("one", 2))))))
		}, map[string]string{"Mini.txt": "one"}, "", ImportOptions{}, map[string]string{"pack/Mini.txt": "one"}, ""},
		{"unpacked, as the source", func(t *testing.T) *datasets.Dataset {
			return datasetOf(t, columns("packed", true, "test: pack/Mini.txt.gz"))
		}, map[string]string{"Mini.txt": "one"}, "Mini.txt", ImportOptions{}, map[string]string{"pack/Mini.txt": "one"}, ""},
		{"the count of Table 6", func(t *testing.T) *datasets.Dataset { return counted(corpus(t), 3, 2) }, map[string]string{"odd/y.dat": "one"},
			"", ImportOptions{}, map[string]string{"corpus/test.tsv": "one"}, ""},
		{"another count than in Table 6", func(t *testing.T) *datasets.Dataset { return counted(corpus(t), 3, 5432) }, map[string]string{"Other-IOB/test.tsv": "one"},
			"", ImportOptions{}, nil, "does not match the recorded counts of dataset mini; nothing was imported"},
		{"another count than in Table 6, accepted", func(t *testing.T) *datasets.Dataset { return counted(corpus(t), 3, 5432) }, map[string]string{"Other-IOB/test.tsv": "one"},
			"", ImportOptions{Accept: true}, map[string]string{"corpus/test.tsv": "one"}, "it was imported"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := newImporting(t)
			in.dataset = tc.dataset(t)
			var entries []entry
			for _, name := range slices.Sorted(maps.Keys(tc.files)) {
				content := contentOf(tc.files[name])
				in.write(t, "from/"+name, content)
				entries = append(entries, entry{name: name, content: content})
			}
			source := filepath.Join(in.dir, "from", filepath.FromSlash(tc.source))
			if tc.source == "x.zip" {
				source = in.write(t, "from/x.zip", string(zipOf(t, entries)))
			}
			out, files, err := in.run(t, source, tc.o)
			tc.err = strings.ReplaceAll(tc.err, "%s", source)
			if (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Fatalf("error %v, want %q (%+v)", err, tc.err, out)
			}
			got := map[string]string{}
			for _, name := range files {
				content, err := os.ReadFile(filepath.Join(in.data, filepath.FromSlash(name)))
				if err != nil {
					t.Fatal(err)
				}
				got[strings.TrimPrefix(name, "mini/")], _, _ = strings.Cut(string(content), "\t")
			}
			if !maps.Equal(got, tc.want) {
				t.Errorf("files %v, want %v", got, tc.want)
			}
			if tc.err != "" && tc.want == nil && !errors.As(err, new(*fault.UsageError)) && !errors.As(err, new(*fault.DataError)) {
				t.Errorf("error %v: neither a usage error nor a data error", err)
			}
		})
	}
}

// A path of a dataset file can be a folder.
func TestImportFolder(t *testing.T) {
	for _, source := range []string{"from", "from/Mini-1.0", "from/Mini-1.0/native/test"} {
		in := newImporting(t)
		in.dataset = datasetOf(t, columns("folder", true, "test: Mini-1.0/native/test"))
		in.dataset.Families[0], in.dataset.Sets[0].Family = "nersuite", "nersuite"
		in.write(t, "from/Mini-1.0/native/test/a.nersuite", "B-PER\t0\t4\tMira\t-\t-\t-\n")
		in.write(t, "from/Mini-1.0/native/notes.nersuite", "no\n")
		out, files, err := in.run(t, filepath.Join(in.dir, filepath.FromSlash(source)), ImportOptions{})
		if err != nil || !slices.Equal(files, []string{"mini/Mini-1.0/native/test/a.nersuite"}) || out.Splits[0].Documents != 1 {
			t.Errorf("%s: error %v, files %q, %+v", source, err, files, out)
		}
	}
}

// Files that may belong to the dataset and are not imported are listed.
func TestImportLeavesOut(t *testing.T) {
	for _, tc := range []struct {
		name  string
		sets  []string
		files map[string]string
		want  []string
	}{
		{"a file in another folder", []string{columns("corpus", true, "train: corpus/train.tsv", "test: corpus/test.tsv")},
			map[string]string{"corpus/test.tsv": "one", "other/train.tsv": "two", "other/test.tsv": "two"},
			[]string{"other/train.tsv: left out: it is in another folder than the other files of its set; --folder chooses it"}},
		{"a name that fits two sets", []string{columns("a", true, "train: a/train.tsv", "test: a/test.tsv"), columns("b", false, "test: b/test.tsv")},
			map[string]string{"train.tsv": "one", "test.tsv": "two"},
			[]string{"test.tsv: left out: its name fits several files of the dataset; --set and --split choose one"}},
		{"nothing, since all files were found", []string{columns("corpus", true, "test: corpus/test.tsv")},
			map[string]string{"corpus/test.tsv": "one", "other/test.tsv": "two"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := newImporting(t)
			in.dataset = datasetOf(t, tc.sets...)
			for name, corpus := range tc.files {
				in.write(t, "from/"+name, contentOf(corpus))
			}
			out, _, err := in.run(t, filepath.Join(in.dir, "from"), ImportOptions{})
			if err != nil || !slices.Equal(out.Left, tc.want) {
				t.Errorf("error %v, left out %q, want %q", err, out.Left, tc.want)
			}
		})
	}
}

// The count that Table 6 has is in the difference.
func TestImportTable6(t *testing.T) {
	in := newImporting(t)
	in.dataset = counted(datasetOf(t, columns("corpus", true, "train: corpus/train.tsv", "test: corpus/test.tsv")), 5432, 2)
	in.write(t, "from/corpus/train.tsv", sentences("one", 5))
	in.write(t, "from/corpus/test.tsv", sentences("one", 2))
	out, _, err := in.run(t, filepath.Join(in.dir, "from"), ImportOptions{})
	if err == nil || len(out.Splits) != 2 || !slices.Equal(out.Splits[0].Differences, []string{"documents: found 5, Table 6 has 5432"}) || len(out.Splits[1].Differences) > 0 {
		t.Errorf("error %v, splits %+v", err, out.Splits)
	}
	in.dataset.CountRule.Status, in.dataset.Table6.Train = "near", 5
	if out, _, err := in.run(t, filepath.Join(in.dir, "from"), ImportOptions{}); err != nil {
		t.Errorf("%v: %+v", err, out.Splits)
	}
	in.dataset.CountRule.Status = "no"
	in.dataset.Table6.Train = 100
	if out, _, err := in.run(t, filepath.Join(in.dir, "from"), ImportOptions{}); err != nil {
		t.Errorf("a count that native files cannot give: %v: %+v", err, out.Splits)
	}
	in.dataset.CountRule = datasets.CountRule{Status: "exact", View: map[ner.Split]datasets.View{ner.Train: datasets.ViewAllButLast, ner.Test: datasets.ViewAll}}
	in.dataset.Table6.Train = 4
	if out, _, err := in.run(t, filepath.Join(in.dir, "from"), ImportOptions{}); err != nil {
		t.Errorf("the view of Table 6: %v: %+v", err, out.Splits)
	}
}

// A second import says which files it replaces, and which ones of the first import
// remain.
func TestImportAgain(t *testing.T) {
	in := newImporting(t)
	in.dataset = datasetOf(t, columns("corpus", true, "train: corpus/train/*.tsv", "test: corpus/test.tsv"))
	in.write(t, "one/corpus/train/a.tsv", sentences("one", 2))
	in.write(t, "one/corpus/train/b.tsv", sentences("one", 3))
	in.write(t, "one/corpus/test.tsv", sentences("one", 4))
	in.write(t, "two/corpus/train/a.tsv", sentences("two", 2))
	in.write(t, "two/corpus/test.tsv", sentences("one", 4))
	first, _, err := in.run(t, filepath.Join(in.dir, "one"), ImportOptions{})
	if err != nil || len(first.Kept) > 0 || slices.ContainsFunc(first.Files, func(f ImportedFile) bool { return f.Replaces }) {
		t.Fatalf("error %v, first import %+v", err, first)
	}
	again, _, err := in.run(t, filepath.Join(in.dir, "two"), ImportOptions{})
	if err != nil || !slices.Equal(again.Kept, []string{"mini/corpus/train/b.tsv"}) {
		t.Errorf("error %v, kept %q", err, again.Kept)
	}
	for _, f := range again.Files {
		if f.Replaces != (f.To == "mini/corpus/train/a.tsv") {
			t.Errorf("%s: replaces other content: %t", f.To, f.Replaces)
		}
	}
	if n := again.Splits[0].Documents; n != 5 {
		t.Errorf("train has %d documents, want 5: those of both imports are in the folder", n)
	}
}
