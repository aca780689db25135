package loaders_test

import (
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"nerbench/datasets"
	"nerbench/internal/reference"
	"nerbench/loaders"
	"nerbench/ner"
)

// only copies a dataset; the set of a family has one split, test, with one file.
func only(dataset *datasets.Dataset, family, file string) (*datasets.Dataset, bool) {
	i := slices.IndexFunc(dataset.Sets, func(s datasets.Set) bool { return s.Family == family })
	if i < 0 {
		return nil, false
	}
	set := dataset.Sets[i]
	set.Splits = []datasets.Part{{Name: ner.Test, Files: []datasets.File{{Path: file}}}}
	set.Primary = true
	changed := *dataset
	changed.Sets = []datasets.Set{set}
	return &changed, true
}

// Every dataset of the family conll reads a file that is invented from its dataset
// file. This also tests datasets whose real files are not available.
func TestEveryDatasetOfColumns(t *testing.T) {
	ds, err := datasets.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	tested := 0
	for _, dataset := range ds {
		dataset, ok := only(dataset, "conll", "test.txt")
		if !ok {
			continue
		}
		tested++
		t.Run(dataset.ID, func(t *testing.T) {
			label := dataset.Labels[0]
			text := inventedColumns(dataset, label.Native)
			data := fstest.MapFS{dataset.DataDir + "/test.txt": {Data: []byte(text)}}
			docs, tally, err := readAll(t, data, dataset, loaders.Options{Split: ner.Test})
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			want := "\"Mira\" \"Okafor\" \"left\" \"Lüder\" \".\"\n\"nothing\" \"here\""
			dropped := 0
			if label.Drop {
				dropped = 2
			} else {
				want = strings.Replace(want, "\n", fmt.Sprintf(" %[1]s=Mira Okafor %[1]s=Lüder\n", label.Type), 1)
			}
			if got := show(docs); got != want {
				t.Errorf("got\n%s\nwant\n%s\nfile\n%s", got, want, text)
			}
			equal(t, "dropped", tally.Dropped[label.Native], dropped)
		})
	}
	if tested < 20 {
		t.Errorf("%d datasets have the family conll", tested)
	}
}

// inventedColumns writes two sentences in the format of a dataset's [conll] table.
func inventedColumns(dataset *datasets.Dataset, native string) string {
	p := dataset.Conll
	separator := " "
	if p.Separator == "tab" {
		separator = "\t"
	}
	if dataset.LabelRule == datasets.BeforeHyphen {
		native += "-detail"
	}
	begin, in, single := "B-"+native, "I-"+native, "B-"+native
	switch p.Scheme {
	case "io":
		begin, in, single = p.StripPrefix+native, p.StripPrefix+native, p.StripPrefix+native
	case "bioes":
		in, single = "E-"+native, "S-"+native
	case "b/e":
		in = "E-" + native
	}
	columns := max(p.Columns, p.TokenColumn+1, p.TagColumn+1)
	line := func(token, tag string) string {
		cells := slices.Repeat([]string{"x"}, columns)
		cells[p.TokenColumn] = token
		at := p.TagColumn
		if at < 0 {
			at = columns - 1
		}
		cells[at] = tag
		return strings.Join(cells, separator) + "\n"
	}
	var b strings.Builder
	for _, mark := range p.SkipPrefix {
		b.WriteString(mark + separator + "O\n")
	}
	b.WriteString(line("Mira", begin) + line("Okafor", in) + line("left", "O") + line("Lüder", single) + line(".", "O"))
	if p.MergeEqualNeighbours {
		b.WriteString("\n" + line("Mira", begin) + line("Okafor", in) + line("left", "O") + line("Lüder", "O") + line(".", "O"))
	}
	if p.Blank == "" && p.Separator == "tab" {
		b.WriteString("\t") // still a blank line
	}
	b.WriteString("\n" + line("nothing", "O") + strings.TrimSuffix(line("here", "O"), "\n"))
	return b.String()
}

// readFixture reads files as a set of a family: the primary set, or else the last
// one, which requires the most fields.
func readFixture(t *testing.T, data fs.FS, dataset *datasets.Dataset, family, unit string, heads bool, paths []string) (docs []*ner.Document, tally *loaders.Tally, err error) {
	t.Helper()
	err = fmt.Errorf("the dataset has no set of the family %s", family)
	for _, set := range dataset.Sets {
		if set.Family != family || heads != (set.Fields != nil && set.Fields.Mentions == "head") {
			continue
		}
		part := datasets.Part{Name: ner.Test}
		for _, p := range paths {
			part.Files = append(part.Files, datasets.File{Path: p})
		}
		if set.Fields != nil && set.Fields.NamesFile != "" {
			fields := *set.Fields
			fields.NamesFile = paths[len(paths)-1]
			set.Fields = &fields
		}
		primary := set.Primary
		set.Unit = unit
		set.Splits, set.Primary = []datasets.Part{part}, true
		changed := *dataset
		changed.Sets = []datasets.Set{set}
		d, counts, failed := readAll(t, data, &changed, loaders.Options{Split: ner.Test})
		if failed == nil {
			if docs, tally, err = d, counts, nil; primary {
				break
			}
		} else if docs == nil {
			err = failed
		}
	}
	return docs, tally, err
}

// TestFixtures reads the invented files of the reference.
func TestFixtures(t *testing.T) {
	var expected struct {
		Fixtures []struct {
			Row, Family string
			Unit, Rule  string
			Files       []struct{ Path string }
			Units       []struct {
				Text  string
				Spans []struct {
					expectedSpan
					Label string
				}
			}
		}
	}
	referenceFile(t, &expected, "benchmark", "expected.json")
	data := os.DirFS(reference.Path(t, "data"))
	ds, err := datasets.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	tested := 0
	for _, f := range expected.Fixtures {
		if !slices.Contains(loaders.Families(), f.Family) {
			continue
		}
		tested++
		t.Run(f.Row, func(t *testing.T) {
			dataset, err := datasets.Find(ds, f.Row)
			if err != nil {
				t.Fatal(err)
			}
			var paths []string
			for _, file := range f.Files {
				paths = append(paths, strings.TrimPrefix(file.Path, "data/"+dataset.DataDir+"/"))
			}
			docs, tally, err := readFixture(t, data, dataset, f.Family, f.Unit, strings.Contains(f.Rule, "mention head"), paths)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "units", len(docs), len(f.Units))
			labels := map[string]int{}
			for i, u := range f.Units {
				unit := expectedUnit{Index: i, Length: utf8.RuneCountInString(u.Text), Text: &u.Text, SpansTotal: len(u.Spans)}
				for _, s := range u.Spans {
					unit.Spans = append(unit.Spans, s.expectedSpan)
					labels[s.Label]++
				}
				checkUnit(t, docs[i], unit)
			}
			equalMaps(t, "by label", tally.ByLabel, labels)
		})
	}
	if tested < 10 {
		t.Errorf("%d fixtures have a loader", tested)
	}
}
