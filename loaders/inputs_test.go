package loaders_test

import (
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"nerbench/datasets"
	"nerbench/loaders"
)

// Every family is described in docs/formats.md, and every preset.
func TestFormatsAreDescribed(t *testing.T) {
	page, err := fs.ReadFile(os.DirFS(".."), "docs/formats.md")
	if err != nil {
		t.Fatal(err)
	}
	var families []string
	for _, m := range regexp.MustCompile(`(?m)^### (.*)$`).FindAllStringSubmatch(string(page), -1) {
		families = append(families, m[1])
	}
	slices.Sort(families)
	if want := loaders.Families(); !slices.Equal(families, want) {
		t.Errorf("described families\n%v\nwant\n%v", families, want)
	}
	for preset := range datasets.Presets {
		if !strings.Contains(string(page), "\n| `"+preset+"` |") {
			t.Errorf("preset %s is not described", preset)
		}
	}
}

// input is a form of files: how it is described, an invented file, and the documents.
type input struct {
	dataset *datasets.Dataset
	files   map[string]string
	want    string
}

// preset is the form of an invented export.
func preset(name string) input {
	e := exports[name]
	return input{presetDataset(e.preset), map[string]string{"a.json": e.content}, e.want}
}

// columns is a form of column files.
func columns(c datasets.Conll, text, want string) input {
	dataset := familyDataset("conll", "sentence", "a.txt")
	dataset.Conll = &c
	return input{dataset, map[string]string{"a.txt": strings.ReplaceAll(text, "|", "\t")}, want}
}

// inputs are the forms of docs/inputs.md, section Files.
func inputs() map[string]input {
	turned := columns(datasets.Conll{Separator: "tab", TagColumn: 1, Scheme: "iob2"}, "Zoë|PER-B\nLi|PER-I\n", "\"Zoë Li\" person=Zoë Li\n")
	turned.dataset.LabelRule = datasets.PositionLast
	ofFamily := func(family, file, content, want string) input {
		return input{familyDataset(family, "document", file), map[string]string{file: content}, want}
	}
	brat := func(text, ann, want string) input {
		return input{familyDataset("brat", "document", "d/*"), map[string]string{"d/a.txt": text, "d/a.ann": ann}, want}
	}
	const zoe = "\"Zoë Li left\" person=Zoë Li\n"
	return map[string]input{
		"doccano, `label` or `labels`":          preset("doccano"),
		"doccano, `entities`":                   preset("doccano, entities"),
		"Prodigy, `db-out`":                     preset("prodigy"),
		"Label Studio, JSON":                    preset("label-studio"),
		"Label Studio, JSON-MIN":                preset("label-studio, JSON-MIN"),
		"spaCy, tuples":                         preset("spacy"),
		"spaCy, `Doc.to_json`":                  preset("spacy, to_json"),
		"GLiNER, training data":                 preset("gliner"),
		"PubAnnotation":                         preset("pubannotation"),
		"DocRED":                                preset("docred"),
		"Hugging Face, `to_json` with tags":     preset("huggingface, tags"),
		"Hugging Face, `to_json` with entities": preset("huggingface, columns"),
		"Hugging Face, rows of the viewer":      preset("huggingface, viewer"),
		"JSON Lines of nerbench":                ofFamily("documents", "a.jsonl", `{"id": 1, "text": "Zoë Li left", "spans": [{"start": 0, "end": 6, "type": "person"}]}`, zoe),
		"parquet of Hugging Face":               {familyDataset("hf-parquet", "sentence", "a.parquet"), map[string]string{"a.parquet": parquetBytes}, "\"Zoë Li left\" person=Zoë Li\n\"Bo\"\n"},

		"columns, tab, IOB2":                         columns(datasets.Conll{Separator: "tab", TagColumn: 1, Scheme: "iob2"}, "Zoë|B-PER\nLi|I-PER\nleft|O\n", zoe),
		"columns, one space":                         columns(datasets.Conll{Separator: "space", TagColumn: -1, Scheme: "iob2"}, "Zoë N B-PER\nLi N I-PER\nleft V O\n", zoe),
		"columns, any spaces and tabs":               columns(datasets.Conll{Separator: "blanks", TagColumn: -1, Scheme: "iob2"}, "Zoë   N  B-PER\nLi|N|I-PER\nleft V O\n", zoe),
		"columns, IOB1":                              columns(datasets.Conll{Separator: "tab", TagColumn: 1, Scheme: "iob1"}, "Zoë|I-PER\nLi|I-PER\nleft|O\n", zoe),
		"columns, labels without a letter":           columns(datasets.Conll{Separator: "tab", TagColumn: 1, Scheme: "io"}, "Zoë|PER\nLi|PER\nleft|O\n", zoe),
		"columns, IOBES":                             columns(datasets.Conll{Separator: "tab", TagColumn: 1, Scheme: "bioes"}, "Zoë|B-PER\nLi|E-PER\nleft|O\n", zoe),
		"columns, BILOU":                             columns(datasets.Conll{Separator: "tab", TagColumn: 1, Scheme: "bilou"}, "Zoë|B-PER\nLi|L-PER\nleft|O\n", zoe),
		"columns, BMES":                              columns(datasets.Conll{Separator: "tab", TagColumn: 1, Scheme: "bmes"}, "Zoë|B-PER\nLi|E-PER\nleft|O\n", zoe),
		"columns, `B_PER`, `b-PER`, `_` for outside": columns(datasets.Conll{Separator: "tab", TagColumn: 1, Scheme: "iob2"}, "Zoë|B_PER\nLi|i-PER\nleft|_\n", zoe),
		"columns, `PER-B` and `PER_B`":               turned,
		"columns, tokens with a prefix (`en:token`)": columns(datasets.Conll{Separator: "tab", TagColumn: 1, Scheme: "iob2", TokenPrefix: "en:"}, "en:Zoë|B-PER\nen:Li|I-PER\nen:left|O\n", zoe),
		"columns, several layers":                    {markedLayers(), map[string]string{"a": "# 1\nZoë\tB-PER\tO\nLi\tI-PER\tO\nleft\tO\tO\n"}, zoe},
		"CoNLL-U, entities in MISC":                  ofFamily("conllu", "a", word("1", "Zoë", "NER=B-PER")+word("2", "Li", "NER=I-PER")+word("3", "left", "_"), zoe),
		"WebAnno TSV 3":                              ofFamily("webanno-tsv", "a", webAnnoHead+"#Text=Zoë Li left\n1-1\t0-3\tZoë\t_\tPER[1]\n1-2\t4-6\tLi\t_\tPER[1]\n1-3\t7-11\tleft\t_\t_\n", zoe),
		"CSV, `Sentence #` at the first token":       {sentenceColumn(""), map[string]string{"a.csv": "Sentence #,Word,Tag\n1,Zoë,B-PER\n,Li,I-PER\n,left,O\n"}, zoe},
		"CSV with semicolons or tabs":                {sentenceColumn("semicolon"), map[string]string{"a.csv": "Sentence #;Word;Tag\n1;Zoë;B-PER\n;Li;I-PER\n;left;O\n"}, zoe},

		"brat":                             brat("Zoë Li left", "T1\tPER 0 6\tZoë Li\n", zoe),
		"brat, CRLF, offsets of the file":  brat("a\r\nZoë Li", "T1\tPER 3 9\tZoë Li\n", "\"a\\nZoë Li\" person=Zoë Li\n"),
		"brat, CRLF, offsets without CR":   brat("a\r\nZoë Li", "T1\tPER 2 8\tZoë Li\n", "\"a\\nZoë Li\" person=Zoë Li\n"),
		"brat, offsets in UTF-16":          brat("🎉 Zoë Li", "T1\tPER 3 9\tZoë Li\n", "\"🎉 Zoë Li\" person=Zoë Li\n"),
		"PubTator":                         ofFamily("pubtator", "a", "1|t|Zoë Li\n1|a|left\n1\t0\t6\tZoë Li\tPER\tX\n", zoe),
		"BioC XML, passages or sentences":  ofFamily("bioc-xml", "a.xml", `<collection><document><id>1</id><passage><offset>0</offset><sentence><offset>0</offset><text>Zoë Li left</text><annotation><infon key="type">PER</infon><location offset="0" length="6"/><text>Zoë Li</text></annotation></sentence></passage></document></collection>`, zoe),
		"BioC JSON, several collections":   ofFamily("bioc-json", "a", `[{"documents": [`+biocLine+`]}, {"documents": [`+biocLine+`]}]`, zoe+zoe),
		"BioC JSON, one document per line": ofFamily("bioc-json", "a", biocLine+"\n"+biocLine+"\n", zoe+zoe),
		"BioC JSON of PubTator3":           ofFamily("bioc-json", "a", `{"PubTator3": [`+biocLine+`]}`, zoe),
	}
}

const biocLine = `{"id": "1", "passages": [{"offset": 0, "text": "Zoë Li left", "annotations": [{"infons": {"type": "PER"}, "text": "Zoë Li", "locations": [{"offset": 0, "length": 6}]}]}]}`

// parquetBytes is replaced by a file in the test that reads it.
const parquetBytes = "parquet"

// Each line of the section Files of docs/inputs.md is a form that is read.
func TestInputs(t *testing.T) {
	page, err := fs.ReadFile(os.DirFS(".."), "docs/inputs.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(page), "\n## Files\n")
	if !found {
		t.Fatal("docs/inputs.md has no section Files")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var lines []string
	for line := range strings.Lines(section) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 || strings.HasPrefix(cells[1], "---") || cells[1] == " form " {
			continue
		}
		lines = append(lines, strings.TrimSpace(cells[1]))
	}
	forms := inputs()
	slices.Sort(lines)
	if want := slices.Sorted(maps.Keys(forms)); !slices.Equal(lines, want) {
		t.Errorf("docs/inputs.md lists\n%q\nthe tests have\n%q", lines, want)
	}
	for name, in := range forms {
		t.Run(name, func(t *testing.T) {
			for file, content := range in.files {
				if content == parquetBytes {
					in.files[file] = parquetFile(t, "B-PER", "O", "I-PER")
				}
			}
			got, _, err := loaded(t, in.dataset, in.files)
			if err != nil {
				t.Fatal(err)
			}
			if got != in.want {
				t.Errorf("found\n%swant\n%s", got, in.want)
			}
		})
	}
}
