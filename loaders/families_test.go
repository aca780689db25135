package loaders_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/parquet-go/parquet-go"

	"nerbench/datasets"
	"nerbench/loaders"
	"nerbench/ner"
)

// ownFields are the fields of invented files.
var ownFields = map[string]*datasets.Fields{
	"csv-offsets":  {Text: "recipe", Mentions: "names"},
	"csv-tokens":   {Tokens: "token", Tags: "tag", Key: []string{"doc"}, Names: []string{"O", "B-PER", "I-PER", "B-LOC"}, Read: map[string]string{"P": "I-PER"}},
	"hf-parquet":   {Tokens: "tokens", Tags: "ner_tags"},
	"jsonl-tokens": {Tokens: "tokens", Tags: "tags", Where: map[string]string{"lang": "en"}, NamesFile: "names.json"},
}

// familyDataset is a custom dataset in some format.
func familyDataset(family, unit string, files ...string) *datasets.Dataset {
	part := datasets.Part{Name: ner.Test}
	for _, f := range files {
		part.Files = append(part.Files, datasets.File{Path: f})
	}
	return &datasets.Dataset{
		ID: "own", DataDir: "own",
		Labels: []datasets.Label{{Native: "PER", Type: "person"}, {Native: "LOC", Type: "place"}, {Native: "MISC", Drop: true}},
		Sets:   []datasets.Set{{Name: "own", Family: family, Primary: true, Unit: unit, Fields: ownFields[family], Splits: []datasets.Part{part}}},
	}
}

// loaded reads files and formats the documents, one per line: text and mentions.
func loaded(t *testing.T, dataset *datasets.Dataset, files map[string]string) (string, *loaders.Tally, error) {
	t.Helper()
	data := fstest.MapFS{}
	for name, content := range files {
		data["own/"+name] = &fstest.MapFile{Data: []byte(content)}
	}
	return documentsOf(t, data, dataset, loaders.Options{Split: ner.Test})
}

// documentsOf is [loaded] of a data folder.
func documentsOf(t *testing.T, data fs.FS, dataset *datasets.Dataset, o loaders.Options) (string, *loaders.Tally, error) {
	t.Helper()
	docs, tally, err := loaders.Documents(t.Context(), data, dataset, o)
	if err != nil {
		return "", nil, err
	}
	var b strings.Builder
	for d, err := range docs {
		if err != nil {
			return b.String(), tally, err
		}
		if err := d.Check(false); err != nil {
			t.Error(err)
		}
		fmt.Fprintf(&b, "%q", d.Text)
		for _, s := range d.Spans {
			fmt.Fprintf(&b, " %s=%s", s.Type, d.Surface(s))
		}
		b.WriteByte('\n')
	}
	return b.String(), tally, nil
}

// tarball packs one archive.
func tarball(t *testing.T, files ...[2]string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: f[0], Mode: 0o644, Size: int64(len(f[1])), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(f[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// zipped packs one zip archive.
func zipped(t *testing.T, files ...[2]string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		member, err := w.Create(f[0])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := member.Write([]byte(f[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// parquetFile writes three sentences, one of them empty, in the same way as the
// library of the hub; names are those of its class labels.
func parquetFile(t testing.TB, names ...string) string {
	t.Helper()
	type record struct {
		ID     string   `parquet:"id"`
		Tokens []string `parquet:"tokens,list"`
		Tags   []int64  `parquet:"ner_tags,list"`
	}
	var b bytes.Buffer
	features, err := json.Marshal(map[string]any{"info": map[string]any{"features": map[string]any{
		"ner_tags": map[string]any{"feature": map[string]any{"names": names, "_type": "ClassLabel"}, "_type": "Sequence"}}}})
	if err != nil {
		t.Fatal(err)
	}
	w := parquet.NewGenericWriter[record](&b, parquet.KeyValueMetadata("huggingface", string(features)))
	if _, err := w.Write([]record{{"0", []string{"Zoë", "Li", "left"}, []int64{0, 2, 1}}, {"1", nil, nil}, {"2", []string{"Bo"}, []int64{1}}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// conversation is one element of a test file of UniversalNER.
func conversation(text, asked, answer string) string {
	turns := []map[string]string{{"from": "human", "value": "Text: " + text}, {"from": "gpt", "value": "I've read this text."},
		{"from": "human", "value": "What describes " + asked + " in the text?"}, {"from": "gpt", "value": answer}}
	b, err := json.Marshal(map[string]any{"id": "x", "conversations": turns})
	if err != nil {
		panic(err)
	}
	return string(b)
}

// markedLayers is a dataset of layered columns with document marks.
func markedLayers() *datasets.Dataset {
	dataset := familyDataset("conll-layered", "sentence", "a")
	dataset.Sets[0].Conll = &datasets.Conll{SkipPrefix: []string{"# "}}
	return dataset
}

// sentenceColumn is a dataset of CSV records whose first column is filled at the first
// token of a sentence.
func sentenceColumn(separator string) *datasets.Dataset {
	dataset := familyDataset("csv-tokens", "sentence", "a.csv")
	dataset.Sets[0].Fields = &datasets.Fields{Tokens: "Word", Tags: "Tag", Key: []string{"Sentence #"}, Separator: separator}
	return dataset
}

// otherKey is a dataset whose tags are under another name.
func otherKey(family, key, scheme string) *datasets.Dataset {
	dataset := familyDataset(family, "sentence", "a")
	dataset.Sets[0].Fields = &datasets.Fields{Tags: key, Scheme: scheme}
	return dataset
}

// word is a line of CoNLL-U.
func word(id, form, misc string) string {
	return strings.Join([]string{id, form, form, "X", "_", "_", "0", "_", "_", misc}, "\t") + "\n"
}

const webAnnoHead = "#FORMAT=WebAnno TSV 3.3\n#T_SP=de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS|PosValue\n#T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|value\n\n\n"

// bratLines is a dataset whose documents are all lines of a text.
func bratLines() *datasets.Dataset {
	dataset := familyDataset("brat", "line", "a.txt")
	dataset.Sets[0].Fields = &datasets.Fields{FirstLine: "document"}
	return dataset
}

func hyphenated(dataset *datasets.Dataset) *datasets.Dataset {
	dataset.LabelRule = datasets.BeforeHyphen
	return dataset
}

func TestFamilies(t *testing.T) {
	const pubtator = "\n1|t|Zoë left\n1|a|Essa .\n1\t0\t3\tZoë\tPER\tX\n1\t9\t13\tEsa\tLOC\tX\n1\tCID\tX\tY\n\n2|t|Bo\n2|a|\n"
	const brat = "Title\nZoë left Essa\n \nBo and Cy\n"
	const ann = "T1\tPER 6 9\tZoë\nR1\tAt Arg1:T1\nT2\tPER 22 24;29 31\tBo Cy\nT3\tMISC 10 14\tleft\n"
	const bracketed = "#begin document (x); part 000\n" +
		"x   0   0     Zoë   NNP   (S*   -   -   -   -   (PER*   (V*)   -\n" + "x   0   1   Li   NNP   *   -   -   -   -   *)   *   -\n" +
		"x 0 2 left V * - - - - * * -\nx 0 3 Essa N *) - - - - (LOC) * -\n\nx 0 0 -LRB- N * - - - - * -\n#end document\n" +
		"#begin document (x); part 001\nx 1 0 Bo N * - - - - (PER) -\n#end document\n"
	for name, tc := range map[string]struct {
		dataset *datasets.Dataset
		files   map[string]string
		want    string
		count   string // a kind that is counted once
	}{
		"pubtator": {familyDataset("pubtator", "document", "a.txt"), map[string]string{"a.txt": pubtator},
			"\"Zoë left Essa .\" person=Zoë place=Essa\n\"Bo \"\n", "text_mismatch"},
		"pubtator, cut before its mentions": {familyDataset("pubtator", "document", "a.txt"), map[string]string{"a.txt": "1|t|Zoë\n1|a|left\n1\t0\t3\tZoë\tPER\tX\n\n2|t|Bo\n2|a|l"},
			"\"Zoë left\" person=Zoë\n\"Bo l\"\n", "records_without_mentions"},
		"dygie": {familyDataset("dygie-json", "document", "a.json"), map[string]string{"a.json": `{"sentences": [["Zoë", "left"], ["Essa"]], "ner": [[[0, 0, "PER"]], [[2, 2, "LOC"], [2, 2, "LOC"]]]}`},
			"\"Zoë left Essa\" person=Zoë place=Essa\n", ""},
		"dygie, sentences": {familyDataset("dygie-json", "sentence", "a.json"), map[string]string{"a.json": `{"sentences": [["Zoë", "left"], ["Essa"]], "ner": [[[0, 0, "PER"]], [[2, 2, "LOC"]]]}`},
			"\"Zoë left\" person=Zoë\n\"Essa\" place=Essa\n", ""},
		"spert": {familyDataset("spert-json", "sentence", "a.json"), map[string]string{"a.json": `[{"tokens": ["Zoë", "Li"], "entities": [{"type": "PER", "start": 0, "end": 2}]}, {"tokens": [], "entities": []}]`},
			"\"Zoë Li\" person=Zoë Li\n\"\"\n", ""},
		"index": {familyDataset("json-index", "sentence", "a.json"), map[string]string{"a.json": `[{"sentence": ["Zoë", "Li", "left"], "ner": [{"index": [0, 1], "type": "PER"}, {"index": [1], "type": "PER"}]}]`},
			"\"Zoë Li left\" person=Zoë Li person=Li\n", ""},
		"scirex": {familyDataset("scirex-json", "document", "a.jsonl"), map[string]string{"a.jsonl": `{"words": ["Zoë", "left", "Essa"], "sentences": [[0, 2], [2, 3]], "ner": [[2, 3, "LOC"], [0, 1, "PER"]]}`},
			"\"Zoë left Essa\" person=Zoë place=Essa\n", ""},
		"scirex, sentences": {familyDataset("scirex-json", "sentence", "a.jsonl"), map[string]string{"a.jsonl": `{"words": ["Zoë", "left", "Essa"], "sentences": [[0, 2], [2, 3]], "ner": [[2, 3, "LOC"], [1, 3, "PER"]]}`},
			"\"Zoë left\"\n\"Essa\" place=Essa\n", "mentions_over_sentence_end_dropped"},
		"csv": {familyDataset("csv-offsets", "record", "a.csv"), map[string]string{"a.csv": "recipe,names\n\"½ Zoë\nEssa\",\"[{\"\"start\"\": 2, \"\"end\"\": 5, \"\"type\"\": \"\"PER\"\", \"\"entity\"\": \"\"Zoe\"\"}]\"\n"},
			"\"½ Zoë\\nEssa\" person=Zoë\n", "text_mismatch"},
		"brat": {familyDataset("brat", "document", "d/*"), map[string]string{"d/x.txt": brat, "d/x.ann": ann, "d/a.txt": "", "d/a.ann": ""},
			"\"\"\n\"Title\\nZoë left Essa\\n \\nBo and Cy\\n\" person=Zoë person=Bo and Cy\n", "discontinuous"},
		"brat, lines": {familyDataset("brat", "line (step)", "d/*"), map[string]string{"d/x.txt": brat, "d/x.ann": ann + "T4\tLOC 15 23\tEssa\n"},
			"\"Zoë left Essa\" person=Zoë\n\"Bo and Cy\" person=Bo and Cy\n", "over_line_end"},
		"brat, split list": {familyDataset("brat", "document", "split.json", "*/*"), map[string]string{
			"split.json": `{"train": ["q"], "test": ["b", "a"]}`, "one/a.txt": "Zoë", "one/a.ann": "T1\tPER 0 3\tZoë", "two/b.txt": "Bo", "two/b.ann": "", "two/q.txt": "q", "two/q.ann": ""},
			"\"Bo\"\n\"Zoë\" person=Zoë\n", ""},
		"brat, archive": {familyDataset("brat", "document", "a.tar.gz"), map[string]string{
			"a.tar.gz": tarball(t, [2]string{"x/b.txt", "Bo"}, [2]string{"x/b.ann", "T1\tPER 0 2\tBo"}, [2]string{"x/._b.txt", "?"}, [2]string{"x/a.txt", "Zoë"}, [2]string{"x/a.ann", ""})},
			"\"Zoë\"\n\"Bo\" person=Bo\n", ""},
		"brat, zip of the folder": {familyDataset("brat", "document", "x/*"), map[string]string{
			"x.zip": zipped(t, [2]string{"x/b.txt", "Bo"}, [2]string{"x/b.ann", "T1\tPER 0 2\tBo"}, [2]string{"__MACOSX/b.txt", "?"})},
			"\"Bo\" person=Bo\n", ""},
		"brat, pattern of annotations": {familyDataset("brat", "document", "d/*.ann"), map[string]string{"d/a.txt": "Zoë", "d/a.ann": "T1\tPER 0 3\tZoë", "d/b.txt": "Bo", "d/b.ann": ""},
			"\"Zoë\" person=Zoë\n\"Bo\"\n", ""},
		"brat, a text without annotations": {familyDataset("brat", "document", "d/*"), map[string]string{"d/a.txt": "Zoë", "d/a.ann": "T1\tPER 0 3\tZoë", "d/README.txt": "Read me."},
			"\"Zoë\" person=Zoë\n", "texts_without_annotations"},
		"brat, CRLF, offsets of the file": {familyDataset("brat", "document", "a.txt"), map[string]string{"a.txt": "One\r\nZoë left\r\nEssa", "a.ann": "T1\tPER 5 8\tZoë\nT2\tLOC 15 19\tEssa\n"},
			"\"One\\nZoë left\\nEssa\" person=Zoë place=Essa\n", ""},
		"brat, CRLF, offsets of the text": {familyDataset("brat", "document", "a.txt"), map[string]string{"a.txt": "One\r\nZoë left\r\nEssa", "a.ann": "T1\tPER 4 7\tZoë\nT2\tLOC 13 17\tEssa\n"},
			"\"One\\nZoë left\\nEssa\" person=Zoë place=Essa\n", ""},
		"brat, byte order mark": {familyDataset("brat", "document", "a.txt"), map[string]string{"a.txt": "\uFEFFZoë left", "a.ann": "T1\tPER 1 4\tZoë\n"},
			"\"Zoë left\" person=Zoë\n", "bom"},
		"brat, byte order mark that is not counted": {familyDataset("brat", "document", "a.txt"), map[string]string{"a.txt": "\uFEFFZoë left", "a.ann": "T1\tPER 0 3\tZoë\n"},
			"\"Zoë left\" person=Zoë\n", "bom"},
		"brat, UTF-16": {familyDataset("brat", "document", "a.txt"), map[string]string{"a.txt": "🎉 Zoë left", "a.ann": "T1\tPER 3 6\tZoë\n"},
			"\"🎉 Zoë left\" person=Zoë\n", "utf16_offsets"},
		"brat, code points beyond the basic plane": {familyDataset("brat", "document", "a.txt"), map[string]string{"a.txt": "🎉 Zoë left", "a.ann": "T1\tPER 2 5\tZoë\n"},
			"\"🎉 Zoë left\" person=Zoë\n", ""},
		"brat, other text": {familyDataset("brat", "document", "a.txt"), map[string]string{"a.txt": "Zoë\nLi left", "a.ann": "T1\tPER 0 6\tZoë Li\nT2\tMISC 7 11\tlift\n"},
			"\"Zoë\\nLi left\" person=Zoë\nLi\n", "text_mismatch"},
		"brat, lines, a title": {familyDataset("brat", "line", "a.txt"), map[string]string{"a.txt": "Zoë\nEssa", "a.ann": "T1\tLOC 4 8\tEssa\n"},
			"\"Essa\" place=Essa\n", "title_lines"},
		"brat, lines, no title": {bratLines(), map[string]string{"a.txt": "Zoë\nEssa", "a.ann": "T1\tPER 0 3\tZoë\nT2\tLOC 4 8\tEssa\n"},
			"\"Zoë\" person=Zoë\n\"Essa\" place=Essa\n", ""},
		"brat, label rule": {hyphenated(familyDataset("brat", "document", "a.txt")), map[string]string{"a.txt": "Zoë", "a.ann": "T1\tPER-detail 0 3\tZoë"},
			"\"Zoë\" person=Zoë\n", ""},
		"conll-2012": {familyDataset("conll-2012", "sentence", "a/**/*.gold_conll"), map[string]string{"a/b/x.gold_conll": bracketed},
			"\"Zoë Li left Essa\" person=Zoë Li place=Essa\n\"-LRB-\"\n\"Bo\" person=Bo\n", ""},
		"conll-layered": {familyDataset("conll-layered", "sentence", "a"), map[string]string{"a": "Zoë\tB-PER\tO\nvan\tI-PER\tO\nEssa\tI-PER\tI-LOC\n\nBo\tO\tO"},
			"\"Zoë van Essa\" person=Zoë van Essa place=Essa\n\"Bo\"\n", "orphan_i"},
		"conll-layered, marks": {markedLayers(), map[string]string{"a": "# doc 1\nZoë\tB-PER\tO\n# doc 2\nEssa\tO\tB-LOC\n"},
			"\"Zoë\" person=Zoë\n\"Essa\" place=Essa\n", ""},
		"nersuite": {familyDataset("nersuite", "sentence", "d"), map[string]string{"d/b.nersuite": "O\t0\t2\tBo\tbo\tN\tO\n", "d/a.nersuite": "B-PER\t0\t3\tZoë\tz\tN\tB\nI-PER\t4\t6\tLi\tl\tN\tI\n\nO\t8\t9\t.\t.\t.\tO\n"},
			"\"Zoë Li\" person=Zoë Li\n\".\"\n\"Bo\"\n", ""},
		"jsonl-tokens": {familyDataset("jsonl-tokens", "sentence", "a.json", "names.json"), map[string]string{
			"names.json": `{"I-PER": 2, "O": 0, "B-PER": 1, "B-LOC": 3}`,
			"a.json":     `{"lang": "en", "tokens": ["Zoë", "Li", "left"], "tags": [1, 2, 0]}` + "\n" + `{"lang": "de", "tokens": ["Bo"], "tags": [1]}` + "\n" + `{"lang": "en", "tokens": ["Essa"], "tags": ["B-LOC"]}`},
			"\"Zoë Li left\" person=Zoë Li\n\"Essa\" place=Essa\n", "records_left_out"},
		"jsonl-tokens, names by number": {familyDataset("jsonl-tokens", "sentence", "a.json", "names.json"), map[string]string{
			"names.json": `{"0": "O", "1": "B-PER"}`, "a.json": `{"lang": "en", "tokens": ["Zoë"], "tags": [1]}`},
			"\"Zoë\" person=Zoë\n", ""},
		"jsonl-spans": {familyDataset("jsonl-spans", "sentence", "a.jsonl"), map[string]string{"a.jsonl": `{"data": "Zoë left Essa", "ner_label": [["PER", 0, 3, "Zoe", 0, 1, ["Zoe"]], ["LOC", 9, 13, 2, 3]], "re_label": []}`},
			"\"Zoë left Essa\" person=Zoë place=Essa\n", "text_mismatch"},
		"oneie": {familyDataset("oneie-jsonl", "sentence", "a.json"), map[string]string{"a.json": `{"tokens": ["Zoë", "Li", "left"], "entity_mentions": [{"start": 0, "end": 2, "entity_type": "PER:Individual", "mention_type": "NAM"}]}`},
			"\"Zoë Li left\" person=Zoë Li\n", ""},
		"mrc": {familyDataset("mrc-json", "sentence", "a.json"), map[string]string{"a.json": `[{"qas_id": "0.1", "context": "Zoë Li left", "entity_label": "PER", "start_position": [0, 1], "end_position": [1, 1]}, {"qas_id": "0.2", "context": "Zoë Li left", "entity_label": "ORG", "start_position": [], "end_position": []}, {"qas_id": "1.1", "context": "Essa", "entity_label": "LOC", "start_position": [0], "end_position": [0]}]`},
			"\"Zoë Li left\" person=Zoë Li person=Li\n\"Essa\" place=Essa\n", ""},
		"csv-tokens": {familyDataset("csv-tokens", "document", "a.csv"), map[string]string{"a.csv": "token,tag,doc\nZoë,1,0\nLi,2,0\n\"\"\"\",0,0\nNA,P,1\n"},
			"\"Zoë Li \\\"\" person=Zoë Li\n\"NA\" person=NA\n", "orphan_i"},
		"csv-tokens, Sentence #": {sentenceColumn(""), map[string]string{"a.csv": "Sentence #,Word,POS,Tag\nSentence: 1,Zoë,N,B-PER\n,Li,N,I-PER\n,left,V,O\nSentence: 2,Essa,N,B-LOC\n"},
			"\"Zoë Li left\" person=Zoë Li\n\"Essa\" place=Essa\n", ""},
		"csv-tokens, Sentence #, repeated": {sentenceColumn(""), map[string]string{"a.csv": "Sentence #,Word,POS,Tag\nSentence: 1,Zoë,N,B-PER\nSentence: 1,left,V,O\nSentence: 2,Essa,N,B-LOC\n"},
			"\"Zoë left\" person=Zoë\n\"Essa\" place=Essa\n", ""},
		"csv-tokens, semicolons": {sentenceColumn("semicolon"), map[string]string{"a.csv": "Sentence #;Word;POS;Tag\n1;Zoë;N;B-PER\n;\";\";N;O\n2;Essa;N;B-LOC\n"},
			"\"Zoë ;\" person=Zoë\n\"Essa\" place=Essa\n", ""},
		"csv-tokens, tabs": {sentenceColumn("tab"), map[string]string{"a.csv": "Sentence #\tWord\tPOS\tTag\n1\tZoë\tN\tB-PER\n\t,\tN\tO\n2\tEssa\tN\tB-LOC\n"},
			"\"Zoë ,\" person=Zoë\n\"Essa\" place=Essa\n", ""},
		"conllu": {familyDataset("conllu", "sentence", "a"), map[string]string{"a": "# text = Zoë Li left\n" +
			word("1", "Zoë", "NER=B-PER|SpaceAfter=No") + word("2", "Li", "NER=I-PER") + word("2.1", "x", "_") + word("3", "left", "_") + "\n" +
			word("1-2", "Essa's", "_") + word("1", "Essa", "NER=B-LOC") + word("2", "'s", "_") + word("3", ".", "NER=O")},
			"\"Zoë Li left\" person=Zoë Li\n\"Essa's .\" place=Essa's\n", "empty_nodes multiword_tokens"},
		"conllu, another key": {otherKey("conllu", "NE", "bioes"), map[string]string{"a": word("1", "Zoë", "NE=S-PER")}, "\"Zoë\" person=Zoë\n", ""},
		"webanno": {familyDataset("webanno-tsv", "sentence", "a"), map[string]string{"a": webAnnoHead +
			"#Text=Zoë Li left  Essa_\n1-1\t0-3\tZoë\t_\tPER[1]\t\n1-2\t4-6\tLi\t_\tPER[1]|LOC[2]\t\n1-3\t7-11\tleft\t_\t*\t\n1-4\t13-18\tEssa\\_\t_\t_\t\n1-4.1\t13-17\tEssa\t_\tLOC\t\n\n" +
			"#Text=🎉 Bo\n2-1\t19-21\t🎉\t_\t_\t\n2-2\t22-24\tBo\t_\tPER\t\n"},
			"\"Zoë Li left  Essa_\" person=Zoë Li place=Li place=Essa\n\"🎉 Bo\" person=Bo\n", "without_label"},
		"webanno, text of other form": {familyDataset("webanno-tsv", "sentence", "a"), map[string]string{"a": webAnnoHead +
			"#Text=other\n1-1\t0-3\tZoë\t_\tPER[1]\t\n1-2\t4-6\tLi\t_\tPER[1]\t\n"},
			"\"Zoë Li\" person=Zoë Li\n", "text_mismatch"},
		"webanno, another layer": {otherKey("webanno-tsv", "POS|PosValue", ""), map[string]string{"a": webAnnoHead + "#Text=Zoë\n1-1\t0-3\tZoë\tPER\tLOC\t\n"}, "\"Zoë\" person=Zoë\n", ""},
		"parquet": {familyDataset("hf-parquet", "sentence", "a-*.parquet"), map[string]string{"a-0.parquet": parquetFile(t, "B-PER", "O", "I-PER")},
			"\"Zoë Li left\" person=Zoë Li\n\"Bo\"\n", "records_without_tokens"},
		"uniner": {familyDataset("uniner-json", "sentence", "a.json"), map[string]string{"a.json": `[` + conversation("Li saw Li and Zoë Li", "PER", `["Li", "Zoë Li", "Bo"]`) + `,` + conversation("Li saw Li and Zoë Li", "place", `[]`) + `,` + conversation("Li saw Li and Zoë Li", "PER", `[]`) + `]`},
			"\"Li saw Li and Zoë Li\" person=Li person=Zoë Li\n\"Li saw Li and Zoë Li\"\n", "mentions_without_place"},
		"instructuie": {familyDataset("instructuie-json", "sentence", "a.json"), map[string]string{"a.json": `[{"sentence": "Zoë left", "entities": [{"name": "Zoë", "type": "PER", "pos": [0, 3]}]}, {"sentence": "Bo", "entities": []}]`},
			"\"Zoë left\" person=Zoë\n\"Bo\"\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, tally, err := loaded(t, tc.dataset, tc.files)
			if err != nil {
				t.Fatal(err)
			}
			if got != tc.want {
				t.Errorf("found\n%swant\n%s", got, tc.want)
			}
			for kind := range strings.FieldsSeq(tc.count) {
				if tally.Repairs[kind] != 1 {
					t.Errorf("counted %v, want one %s", tally.Repairs, kind)
				}
			}
		})
	}
}

// TestMalformedFamilies checks that errors name the file, the position, and the
// expected input.
func TestMalformedFamilies(t *testing.T) {
	for name, tc := range map[string]struct {
		dataset *datasets.Dataset
		content string
		want    string
	}{
		"pubtator, no abstract":       {familyDataset("pubtator", "document", "a"), "1|t|x\n\n", "a:2: document 1: has no abstract line"},
		"pubtator, no title":          {familyDataset("pubtator", "document", "a"), "1|a|x\n", "a:1: expected ID|t|text"},
		"pubtator, offsets":           {familyDataset("pubtator", "document", "a"), "1|t|x\n1|a|y\n1\t0\t9\tx\tPER\t-\n", "a:3: mention: offset 9: outside the text of 3 code points"},
		"pubtator, label":             {familyDataset("pubtator", "document", "a"), "1|t|x\n1|a|y\n1\t0\t1\tx\tORG\t-\n", `a:3: unknown label "ORG" (known: PER, LOC, MISC)`},
		"pubtator, UTF-8":             {familyDataset("pubtator", "document", "a"), "1|t|\xff\n", "a:1: not valid UTF-8"},
		"dygie, truncated":            {familyDataset("dygie-json", "document", "a"), `{"sentences": [["x"`, "a:1: expected a document"},
		"dygie, tokens":               {familyDataset("dygie-json", "document", "a"), `{"sentences": [["x"]], "ner": [[[0, 1, "PER"]]]}`, "a:1: mention of tokens 0 to 1: the document has 1 tokens"},
		"dygie, mention":              {familyDataset("dygie-json", "document", "a"), `{"sentences": [["x"]], "ner": [[[0, "PER"]]]}`, "expected [start, end, label]"},
		"spert, not an array":         {familyDataset("spert-json", "sentence", "a"), `{"tokens": []}`, "a:1: expected a JSON array"},
		"spert, truncated":            {familyDataset("spert-json", "sentence", "a"), `[{"tokens": ["x"], "entities": []}`, "a:1: element 1: unexpected end"},
		"spert, element":              {familyDataset("spert-json", "sentence", "a"), `[{"tokens": ["x"], "entities": []}, {"tokens": 3}]`, "a:1: element 1: "},
		"spert, another export":       {familyDataset("spert-json", "sentence", "a"), `[{"tokenized_text": ["x"], "ner": [[0, 0, "PER"]]}]`, `a:1: element 0: expected {"tokens", "entities"}`},
		"json-index, another export":  {familyDataset("json-index", "sentence", "a"), `[{"sentence": ["x"], "entities": []}]`, `a:1: element 0: expected {"sentence", "ner"}`},
		"oneie, another export":       {familyDataset("oneie-jsonl", "sentence", "a"), `{"tokens": ["x"], "entities": []}`, `a:1: expected a sentence {"tokens", "entity_mentions"}: "entity_mentions" is missing`},
		"dygie, another export":       {familyDataset("dygie-json", "document", "a"), `{"sentences": [["x"]], "entities": []}`, `a:1: expected {"sentences", "ner"}: one of them is missing`},
		"scirex, another export":      {familyDataset("scirex-json", "document", "a"), `{"words": ["x"], "entities": []}`, `a:1: expected {"words", "sentences", "ner"}: one of them is missing`},
		"jsonl-spans, another export": {familyDataset("jsonl-spans", "sentence", "a"), `{"data": "x", "label": []}`, `a:1: expected {"data", "ner_label"}: "ner_label" is missing`},
		"mrc, another export":         {familyDataset("mrc-json", "sentence", "a"), `[{"qas_id": "0.1", "context": "x", "entity_label": "PER", "span_position": []}]`, "a:1: element 0: expected a question"},
		"instructuie, another export": {familyDataset("instructuie-json", "sentence", "a"), `[{"sentence": "x", "ner": []}]`, `a:1: element 0: expected {"sentence", "entities"}: "entities" is missing`},
		"index, no tokens":            {familyDataset("json-index", "sentence", "a"), `[{"sentence": ["x"], "ner": [{"index": [], "type": "PER"}]}]`, "a:1: element 0: mention of type PER: has no tokens"},
		"scirex, sentence":            {familyDataset("scirex-json", "sentence", "a"), `{"words": ["x"], "sentences": [[0, 2]], "ner": []}`, "a:1: sentence 0: words 0 to 2 of 1"},
		"csv, header":                 {familyDataset("csv-offsets", "record", "a"), "x,y\n", "a:1: column \"recipe\": missing (columns: x, y)"},
		"csv, columns":                {familyDataset("csv-offsets", "record", "a"), "recipe,names\nx\n", "a:2: 1 fields, expected 2: recipe, names"},
		"csv, offsets":                {familyDataset("csv-offsets", "record", "a"), "recipe,names\nx,\"[{\"\"start\"\": 1, \"\"end\"\": 1}]\"\n", "a:2: mention: offsets 1 to 1 are not a range"},
		"2012, columns":               {familyDataset("conll-2012", "sentence", "a.conll"), "x 0 0 Bo N\n", "a.conll:1: 5 columns, expected the name in column 11"},
		"2012, open":                  {familyDataset("conll-2012", "sentence", "a.conll"), "x 0 0 Bo N * - - - - (PER* -\n\n", "a.conll:2: name (PER* does not end"},
		"2012, open at the end":       {familyDataset("conll-2012", "sentence", "a.conll"), "x 0 0 Bo N * - - - - (PER* -\n", "a.conll: name (PER* does not end"},
		"2012, nested":                {familyDataset("conll-2012", "sentence", "a.conll"), "x 0 0 Bo N * - - - - (PER* -\nx 0 0 Bo N * - - - - (LOC) -\n", `a.conll:2: name "(LOC)" begins inside PER`},
		"2012, closes":                {familyDataset("conll-2012", "sentence", "a.conll"), "x 0 0 Bo N * - - - - *) -\n", `a.conll:1: name "*)" ends, but no name is open`},
		"2012, form":                  {familyDataset("conll-2012", "sentence", "a.conll"), "x 0 0 Bo N * - - - - PER -\n", `a.conll:1: unknown name "PER"`},
		"layered, columns":            {familyDataset("conll-layered", "sentence", "a"), "Bo\tO\tO\nBo\tO\n", "a:2: 2 columns, expected 3 as in the previous lines"},
		"layered, no tab":             {familyDataset("conll-layered", "sentence", "a"), "Bo O\n", "a:1: 1 column"},
		"nersuite, columns":           {familyDataset("nersuite", "sentence", "a.nersuite"), "O\t0\t2\tBo\n", "a.nersuite:1: 4 columns, expected 7"},
		"nersuite, offsets":           {familyDataset("nersuite", "sentence", "a.nersuite"), "O\t0\t3\tBo\tb\tN\tO\n", `a.nersuite:1: offsets 0 to 3: expected those of the token "Bo"`},
		"jsonl-spans, data":           {familyDataset("jsonl-spans", "sentence", "a"), `{"ner_label": []}`, `a:1: expected {"data", "ner_label"}: "data" is missing`},
		"jsonl-spans, mention":        {familyDataset("jsonl-spans", "sentence", "a"), `{"data": "x", "ner_label": [["PER", 0, 1]]}`, "expected [label, start, end, text"},
		"jsonl-spans, offsets":        {familyDataset("jsonl-spans", "sentence", "a"), `{"data": "x", "ner_label": [["PER", 0, 2, "x", 0, 1, ["x"]]]}`, "a:1: mention: offset 2: outside the text of 1 code points"},
		"oneie, tokens":               {familyDataset("oneie-jsonl", "sentence", "a"), `{"entity_mentions": []}`, `a:1: expected a sentence {"tokens", "entity_mentions"}: "tokens" is missing`},
		"mrc, ends":                   {familyDataset("mrc-json", "sentence", "a"), `[{"qas_id": "0.1", "context": "x", "entity_label": "PER", "start_position": [0], "end_position": []}]`, "a:1: element 0: question 0.1: 1 starts, 0 ends"},
		"mrc, separated":              {familyDataset("mrc-json", "sentence", "a"), `[{"qas_id": "0.1", "context": "x", "start_position": [], "end_position": []}, {"qas_id": "1.1", "context": "x", "start_position": [], "end_position": []}, {"qas_id": "0.2", "context": "x", "start_position": [], "end_position": []}]`, "a:1: element 2: question 0.2: the questions of its sentence are not consecutive"},
		"mrc, context":                {familyDataset("mrc-json", "sentence", "a"), `[{"qas_id": "0.1", "context": "x", "start_position": [], "end_position": []}, {"qas_id": "0.2", "context": "y", "start_position": [], "end_position": []}]`, "a:1: element 1: question 0.2: its context differs"},
		"csv-tokens, header":          {familyDataset("csv-tokens", "document", "a"), "", "a: header: the file is empty"},
		"csv-tokens, quotes":          {familyDataset("csv-tokens", "document", "a"), "token,tag,doc\n\"x,0,0\n", "a: a quoted field of the last record does not end"},
		"csv-tokens, in quotes":       {familyDataset("csv-tokens", "document", "a"), "token,tag,doc\n\"x\"y,0,0\n", "a:2: text after the quote"},
		"csv-tokens, a quote":         {familyDataset("csv-tokens", "document", "a"), "token,tag,doc\nx\"y\",0,0\n", "a:2: a quote within a field"},
		"csv-tokens, tag":             {familyDataset("csv-tokens", "document", "a"), "token,tag,doc\nx,7,0\n", "a:2: tag 7: has no name (names for 0 to 3)"},
		"csv-tokens, UTF-8":           {familyDataset("csv-tokens", "document", "a"), "token,tag,doc\n\xff,0,0\n", "a:2: not valid UTF-8"},
		"csv-tokens, separator":       {sentenceColumn(""), "Sentence #;Word;POS;Tag\n1;Bo;N;O\n", `a.csv:1: column "Word": missing (columns: Sentence #;Word;POS;Tag): set separator = "semicolon"`},
		"conllu, columns":             {familyDataset("conllu", "sentence", "a"), "1\tBo\n", "a:1: 2 columns, expected 10"},
		"conllu, no key":              {familyDataset("conllu", "sentence", "a"), word("1", "Bo", "SpaceAfter=No"), "a: no word has NER= in its last column, MISC: set fields.tags"},
		"conllu, range":               {familyDataset("conllu", "sentence", "a"), word("1-2", "Bo", "NER=O") + word("1", "B", "_"), "the sentence ends within the multiword token"},
		"conllu, tag":                 {familyDataset("conllu", "sentence", "a"), word("1", "Bo", "NER=PER"), `a:1: unknown tag "PER" of the scheme iob2`},
		"webanno, format":             {familyDataset("webanno-tsv", "sentence", "a"), "1-1\t0-2\tBo\n", "a:1: expected #FORMAT=WebAnno TSV 3"},
		"webanno, empty":              {familyDataset("webanno-tsv", "sentence", "a"), "", "a: expected #FORMAT=WebAnno TSV 3"},
		"webanno, layer":              {otherKey("webanno-tsv", "Other|x", ""), webAnnoHead + "1-1\t0-2\tBo\t_\t_\n", "a:6: no layer Other|x: set fields.tags to one of"},
		"webanno, offsets":            {familyDataset("webanno-tsv", "sentence", "a"), webAnnoHead + "1-1\tx\tBo\t_\t_\n", `a:6: offsets "x": expected start-end`},
		"webanno, label":              {familyDataset("webanno-tsv", "sentence", "a"), webAnnoHead + "1-1\t0-2\tBo\t_\tORG\n\n", `a:7: unknown label "ORG"`},
		"parquet, not a parquet file": {familyDataset("hf-parquet", "sentence", "a"), "PAR1 and more", "a: parquet: "},
		"uniner, turns":               {familyDataset("uniner-json", "sentence", "a"), `[{"conversations": []}]`, "a:1: element 0: 0 turns, expected 4"},
		"uniner, question":            {familyDataset("uniner-json", "sentence", "a"), `[{"conversations": [{"value": "x"}, {}, {}, {}]}]`, "a:1: element 0: expected the turns"},
		"uniner, answer":              {familyDataset("uniner-json", "sentence", "a"), "[" + conversation("x", "PER", "x") + "]", "a:1: element 0: expected the mentions as a JSON list"},
		"uniner, type":                {familyDataset("uniner-json", "sentence", "a"), "[" + conversation("x", "ORG", "[]") + "]", `a:1: element 0: unknown label "ORG"`},
		"instructuie, pos":            {familyDataset("instructuie-json", "sentence", "a"), `[{"sentence": "x", "entities": [{"name": "x", "type": "PER"}]}]`, `"pos" is not a pair`},
		"instructuie, sentence":       {familyDataset("instructuie-json", "sentence", "a"), `[{"entities": []}]`, `"sentence" is missing`},
		"brat, no annotations":        {familyDataset("brat", "document", "a.txt"), "x", "a.txt: no annotations found: expected a file NAME.ann beside each NAME.txt"},
	} {
		t.Run(name, func(t *testing.T) {
			file := tc.dataset.Sets[0].Splits[0].Files[0].Path
			_, _, err := loaded(t, tc.dataset, map[string]string{file: tc.content})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v, want one with %q", err, tc.want)
			}
		})
	}
}

// FuzzFamilies checks that no input makes a loader panic, and that every span
// covers its mention.
func FuzzFamilies(f *testing.F) {
	for _, s := range []string{
		"1|t|Zoë\n1|a|Essa\n1\t0\t3\tZoë\tPER\tX\n", `{"sentences": [["Zoë"]], "ner": [[[0, 0, "PER"]]]}`,
		`[{"tokens": ["Zoë"], "entities": [{"type": "PER", "start": 0, "end": 1}]}]`, `[{"sentence": ["x"], "ner": [{"index": [0], "type": "PER"}]}]`,
		`{"words": ["Zoë"], "sentences": [[0, 1]], "ner": [[0, 1, "PER"]]}`,
		"x 0 0 Zoë N * - - - - (PER) -\n", "Zoë\tB-PER\tO\n", "B-PER\t0\t3\tZoë\tz\tN\tO\n", `{"lang": "en", "tokens": ["Zoë"], "tags": ["B-PER"]}`,
		`{"data": "Zoë", "ner_label": [["PER", 0, 3, "Zoë", 0, 1, ["Zoë"]]]}`, `{"tokens": ["Zoë"], "entity_mentions": [{"start": 0, "end": 1, "entity_type": "PER"}]}`,
		`[{"qas_id": "0.1", "context": "Zoë", "entity_label": "PER", "start_position": [0], "end_position": [0]}]`, "token,tag,doc\nZoë,1,0\n",
		"[" + conversation("Zoë left", "PER", `["Zoë"]`) + "]", `[{"sentence": "Zoë", "entities": [{"name": "Zoë", "type": "PER", "pos": [0, 3]}]}]`,
		"recipe,names\nZoë,\"[{\"\"start\"\": 0, \"\"end\"\": 3, \"\"type\"\": \"\"PER\"\"}]\"\n", "T1\tPER 0 1;2 3\tx\n",
		word("1-2", "Zoë", "NER=B-PER") + word("1", "Zoë", "_") + word("2", "Li", "NER=I-PER"), webAnnoHead + "#Text=🎉 Zoë\n1-1\t0-2\t🎉\t_\tPER[1]|LOC\n1-2\t3-6\tZoë\t_\tPER[1]\n1-2.1\t3-4\tZ\t_\tLOC\n",
	} {
		f.Add(s)
	}
	f.Add(parquetFile(f, "O", "B-PER", "I-PER"))
	f.Fuzz(func(t *testing.T, s string) {
		for _, family := range []string{"pubtator", "dygie-json", "spert-json", "json-index", "scirex-json", "csv-offsets",
			"conll-layered", "jsonl-spans", "oneie-jsonl", "mrc-json", "csv-tokens", "uniner-json", "instructuie-json", "hf-parquet", "conllu", "webanno-tsv"} {
			for _, unit := range []string{"document", "sentence"} {
				_, _, _ = loaded(t, familyDataset(family, unit, "a"), map[string]string{"a": s}) // an error is accepted, too
			}
		}
		_, _, _ = loaded(t, familyDataset("conll-2012", "sentence", "a.conll"), map[string]string{"a.conll": s})
		_, _, _ = loaded(t, familyDataset("nersuite", "sentence", "a.nersuite"), map[string]string{"a.nersuite": s})
		_, _, _ = loaded(t, familyDataset("jsonl-tokens", "sentence", "a.json", "names.json"), map[string]string{"a.json": s, "names.json": `{"O": 0, "B-PER": 1}`})
		for _, unit := range []string{"document", "line"} {
			_, _, _ = loaded(t, familyDataset("brat", unit, "a.txt"), map[string]string{"a.txt": "Title\nZoë left Essa .\nBo\n", "a.ann": s})
		}
	})
}

// TestDamagedParquet: the footer would be allocated before it is read.
func TestDamagedParquet(t *testing.T) {
	content := parquetFile(t, "O", "B-PER", "I-PER")
	content = content[:len(content)-8] + "\xff\xff\xff\x7fPAR1"
	_, _, err := loaded(t, familyDataset("hf-parquet", "sentence", "a.parquet"), map[string]string{"a.parquet": content})
	if want := "a.parquet: parquet: damaged: its footer is longer than the file"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error is %v, want one with %q", err, want)
	}
}

// Errors in an .ann file name its line.
func TestMalformedBrat(t *testing.T) {
	for ann, want := range map[string]string{
		"R1\tx\nT1\tPER 0 9\tZoë\n": "a.ann:2: mention: offset 9: outside the text of 3 code points",
		"T1\tORG 0 3\tZoë\n":        `a.ann:1: unknown label "ORG" (known: PER, LOC, MISC)`,
		"T1\tPER 3 3\tZoë\n":        "a.ann:1: mention: offsets 3 to 3 are not a range",
		"T1\tPER 0 x\tZoë\n":        `a.ann:1: "0 x": expected pairs of offsets`,
		"T1 PER 0 3\n":              "a.ann:1: expected T<n>",
		"\xff":                      "a.ann:1: not valid UTF-8",
	} {
		_, _, err := loaded(t, familyDataset("brat", "document", "a.txt"), map[string]string{"a.txt": "Zoë", "a.ann": ann})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error is %v, want one with %q", ann, err, want)
		}
	}
	_, _, err := loaded(t, familyDataset("brat", "document", "d/*"), map[string]string{"d/a.txt": "Zoë", "d/a.ann": "", "d/b.ann": ""})
	if want := "d/b.ann: its text b.txt is missing"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error is %v, want one with %q", err, want)
	}
}
