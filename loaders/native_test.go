package loaders_test

import (
	"strings"
	"testing"

	"nerbench/datasets"
)

// nativeDataset is a dataset with the labels of invented native files.
func nativeDataset(family string, fields *datasets.Fields, files ...string) *datasets.Dataset {
	dataset := familyDataset(family, "document", files...)
	dataset.Labels = append(dataset.Labels, datasets.Label{Native: "GENE", Type: "gene"}, datasets.Label{Native: "PAR", Type: "participant"}, datasets.Label{Native: "OUT", Type: "outcome"}, datasets.Label{Native: "protein", Type: "protein"})
	dataset.Sets[0].Fields = fields
	return dataset
}

const (
	bioc = `<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE collection SYSTEM "BioC.dtd"><collection><source>x</source>
<document><id>1</id><passage><infon key="type">title</infon><offset>0</offset><text>Zo&#235; &amp; Li</text>
<annotation id="1"><infon key="type">PER</infon><location offset="0" length="3"/><text>Zoe</text></annotation></passage>
<passage><offset>99</offset><text>left Essa now</text><annotation id="2"><infon key="type">LOC</infon><location offset="9" length="4"/><location offset="19" length="3"/><text>left now</text></annotation>
<annotation id="3"><infon key="type">PER</infon><infon key="role">part</infon><location offset="0" length="1"/><text>Z</text></annotation></passage>
<relation id="r"><infon key="type">x</infon></relation></document></collection>`
	biocJSON = `{"source": "x", "documents": [{"id": "1", "passages": [{"offset": 0, "text": "Zoë & Li", "annotations": [{"infons": {"type": "PER"}, "text": "Zoe", "locations": [{"offset": 0, "length": 3}]}]},
{"offset": 9, "text": "left Essa now", "annotations": [{"infons": {"type": "LOC", "n": 3}, "text": "", "locations": [{"offset": 9, "length": 4}, {"offset": 19, "length": 3}]}]}]}]}`
	geniaXML = `<set><article><title><sentence>The <cons lex="a" sem="G#other_name"><cons lex="b" sem="G#protein_molecule">Zoë &lt;1</cons> gene</cons> of <cons lex="c" sem="(AND G#x G#y)"><cons lex="d">a</cons> and <cons lex="e">b</cons></cons>.</sentence></title></article></set>`
	tagsXML  = "<?xml version=\"1.0\" ?>\n<x>\n<TEXT><![CDATA[\nZoë & Li < 3 left Essa\n]]></TEXT>\n<TAGS>\n<EVENT id=\"E0\" start=\"1\" end=\"4\" text=\"Zoë\" type=\"PER\" />\n" +
		"<EVENT id=\"E1\" start=\"8\" end=\"10\" text=\"Li\" type=\"PER\" />\n<EVENT id=\"E2\" start=\"19\" end=\"23\" text=\"Essa \" now\" type=\"LOC\" />\n<EVENT id=\"E3\" start=\"1\" end=\"4\" text=\"x\" type=\"\" />\n<TIMEX3 id=\"T0\" start=\"x\" />\n</TAGS>\n</x>\n"
	deidXML = "<?xml version=\"1.0\"?>\n<ROOT>\n<RECORD ID=\"1\">\n<TEXT>\n<PHI TYPE=\"PER\">Zoë</PHI> &lt; 3 of <PHI TYPE=\"LOC\">Essa<PHI TYPE=\"PER\"> and Li\n[ report_end ]\n</TEXT>\n</RECORD>\n</ROOT>\n"
	sgm     = "<DOC>\n<TEXT>\nZoë Li of R&amp;D left Essa\n</TEXT>\n</DOC>\n"
	apf     = `<source_file ENCODING="UTF-8"><document><entity ID="1" TYPE="PER"><entity_mention TYPE="NAM"><extent><charseq START="2" END="14">Zoë Li of R&amp;D</charseq></extent><head><charseq START="2" END="7">Zoë Li</charseq></head></entity_mention></entity></document></source_file>`
)

// clefLine is an annotation in 22 columns.
func clefLine(spans string) string {
	return "a.txt|" + spans + strings.Repeat("|null", 20) + "\n"
}

func TestNativeFamilies(t *testing.T) {
	roles := &datasets.Fields{Skip: map[string]string{"role": "part"}}
	events := &datasets.Fields{Tags: "type", Elements: []string{"EVENT"}}
	sofcFiles := map[string]string{
		"x-Metadata.csv":               "title\tname\tset\n\"two\nlines\"\tA\ttest\nother\tB\ttrain\nthird\tC\ttest\n",
		"texts/A.txt":                  "Zoë left. Li and Essa.",
		"sentences/A.csv":              "1\t0\t0\t9\n2\t1\t10\t22\n",
		"entity_types_and_slots/A.csv": "2\t1\t0\t2\tB-PER\tO\n2\t2\t3\t6\tO\tO\n2\t3\t7\t11\tI-LOC\tO\n2\t4\t11\t12\tO\tO\n",
		"texts/C.txt":                  "", "sentences/C.csv": "", "entity_types_and_slots/C.csv": "",
	}
	for name, tc := range map[string]struct {
		dataset *datasets.Dataset
		files   map[string]string
		want    string
		count   string
	}{
		"bioc-xml":  {nativeDataset("bioc-xml", roles, "a.xml"), map[string]string{"a.xml": bioc}, "\"Zoë & Li left Essa now\" person=Zoë place=left Essa now\n", "skipped_annotations discontinuous passage_offset text_mismatch"},
		"bioc-json": {nativeDataset("bioc-json", nil, "a.json"), map[string]string{"a.json": biocJSON}, "\"Zoë & Li left Essa now\" person=Zoë place=left Essa now\n", "discontinuous text_mismatch"},
		"genia":     {semDataset("a.tgz"), map[string]string{"a.tgz": tarball(t, [2]string{"x/a.xml", geniaXML}, [2]string{"x/a.dtd", "<"})}, "\"The Zoë <1 gene of a and b.\" protein=Zoë <1\n", "other_classes coordinations"},
		"bc2gm": {nativeDataset("bc2gm-native", nil, "x.in", "GENE.eval"), map[string]string{"x.in": "S1 The ½ Zoë gene .\nS2 Nothing\n", "GENE.eval": "S1|4 10|Zoë gen\nS3|0 1|x\n"},
			"\"The ½ Zoë gene .\" gene=Zoë gene\n\"Nothing\"\n", "text_mismatch mentions_without_sentence"},
		"chemdner": {nativeDataset("chemdner-tsv", nil, "x.abstracts.txt", "x.annotations.txt"), map[string]string{"x.abstracts.txt": "1\tZoë left\tBo and Essa\n2\tLi\t\n", "x.annotations.txt": "1\tT\t0\t3\tZoë\tPER\n1\tA\t7\t11\tEsa\tLOC\n9\tA\t0\t1\tx\tLOC\n"},
			"\"Zoë left Bo and Essa\" person=Zoë place=Essa\n\"Li \"\n", "text_mismatch mentions_without_document"},
		"ebmnlp": {nativeDataset("ebmnlp-native", nil, "documents/*", "participants/*", "outcomes/*"), map[string]string{
			"documents/1.tokens": "Zoë\nLi\nand\nBo\n", "documents/2.tokens": "of\ntrain\n", "participants/1.AGGREGATED.ann": "1\n1\n0\n2\n", "outcomes/1.AGGREGATED.ann": "0\n1\n1\n0\n"},
			"\"Zoë Li and Bo\" participant=Zoë Li participant=Bo outcome=Li and\n", "layers_missing"},
		"sofc": {nativeDataset("sofc-layers", nil, "x-Metadata.csv", "texts/*", "sentences/*", "entity_types_and_slots/*"), sofcFiles, "\"Li and Essa.\" person=Li place=Essa\n", "sentences_without_label orphan_i"},
		"i2b2-con": {nativeDataset("i2b2-con", nil, "**/*"), map[string]string{"txt/a.txt": "Zoë  left\tEssa\nand Li\n", "concept/a.con": "c=\"left \"essa\" and\" 1:1 2:0||t=\"PER\"\nc=\"li\" 2:1 2:1||t=\"other\"\n", "unannotated/b.txt": "x"},
			"\"Zoë  left\\tEssa\\nand Li\\n\" person=left\tEssa\nand\n", "other_labels over_line_end"},
		"i2b2-tags": {nativeDataset("i2b2-tags-xml", events, "d/*"), map[string]string{"d/a.xml": tagsXML}, "\"\\nZoë & Li < 3 left Essa\\n\" person=Zoë person=Li place=Essa\n", "shifted other_elements without_label text_mismatch"},
		"i2b2-2006": {nativeDataset("i2b2-2006-xml", nil, "a.xml"), map[string]string{"a.xml": deidXML}, "\"Zoë < 3 of Essa and Li\" person=Zoë place=Essa\n", "unclosed_mention"},
		"clef": {nativeDataset("clef-pipe", nil, "d/*"), map[string]string{"d/a.txt": "Zoë left Essa now", "d/a.pipe.txt": clefLine("0-3") + clefLine("9-13,14-17"), "d/b.txt": "Li"},
			"\"Zoë left Essa now\" person=Zoë person=Essa now\n\"Li\"\n", "discontinuous texts_without_annotations"},
		"ace":                {nativeDataset("ace-apf", nil, "d/*"), map[string]string{"d/a.sgm": sgm, "d/a.apf.xml": apf}, "\"\\n\\nZoë Li of R&amp;D left Essa\\n\\n\\n\" person=Zoë Li of R&a\n", "text_mismatch"},
		"bioc-json, no text": {nativeDataset("bioc-json", nil, "a.json"), map[string]string{"a.json": `{"documents": [{"passages": [{"offset": 0, "text": "Zoë"}, {"offset": 3}, {"offset": 4, "text": "left"}]}]}`}, "\"Zoë left\"\n", ""},
		"bioc-xml, sentences": {nativeDataset("bioc-xml", nil, "a.xml"), map[string]string{"a.xml": `<collection><document><id>1</id><passage><offset>0</offset>
<sentence><offset>0</offset><text>Zoë left.</text><annotation><infon key="type">PER</infon><location offset="0" length="3"/><text>Zoë</text></annotation></sentence>
<sentence><offset>11</offset><text>Essa is far.</text><annotation><infon key="type">LOC</infon><location offset="11" length="4"/><text>Essa</text></annotation></sentence></passage></document></collection>`},
			"\"Zoë left.  Essa is far.\" person=Zoë place=Essa\n", ""},
		"bioc-json, sentences": {nativeDataset("bioc-json", nil, "a"), map[string]string{"a": `{"documents": [{"passages": [{"offset": 0, "sentences": [{"offset": 0, "text": "Zoë left. "}, {"offset": 10, "text": "Essa.", "annotations": [{"infons": {"type": "LOC"}, "text": "Essa", "locations": [{"offset": 10, "length": 4}]}]}]}]}]}`},
			"\"Zoë left. Essa.\" place=Essa\n", ""},
		"bioc-json, sentence offset": {nativeDataset("bioc-json", nil, "a"), map[string]string{"a": `{"documents": [{"passages": [{"offset": 0, "sentences": [{"offset": 0, "text": "Zoë"}, {"offset": 900, "text": "left"}]}]}]}`},
			"\"Zoë left\"\n", "sentence_offset"},
		"bioc-json, offsets of passages": {nativeDataset("bioc-json", nil, "a"), map[string]string{"a": `{"documents": [{"passages": [{"offset": 0, "text": "Zoë"}, {"offset": 50, "text": "at Essa", "annotations": [{"infons": {"type": "LOC"}, "text": "Essa", "locations": [{"offset": 53, "length": 4}]}]}]}]}`},
			"\"Zoë at Essa\" place=Essa\n", "offsets_of_passages passage_offset"},
		"bioc-json, offsets in passages": {nativeDataset("bioc-json", nil, "a"), map[string]string{"a": `{"documents": [{"passages": [{"offset": 0, "text": "Zoë"}, {"offset": 4, "text": "at Essa", "annotations": [{"infons": {"type": "LOC"}, "text": "Essa", "locations": [{"offset": 3, "length": 4}]}]}]}]}`},
			"\"Zoë at Essa\" place=Essa\n", "offsets_in_passages"},
		"bioc-json, bytes": {nativeDataset("bioc-json", nil, "a"), map[string]string{"a": `{"documents": [{"passages": [{"offset": 0, "text": "Zoë"}, {"offset": 5, "text": "at Essa", "annotations": [{"infons": {"type": "LOC"}, "text": "Essa", "locations": [{"offset": 8, "length": 4}]}, {"infons": {"type": "MISC"}, "text": "at", "locations": [{"offset": 5, "length": 2}]}, {"infons": {"type": "PER"}, "text": "Zoë", "locations": [{"offset": 0, "length": 4}]}]}]}]}`},
			"\"Zoë at Essa\" place=Essa person=Zoë\n", "byte_offsets"},
		"bioc-json, PubTator3": {nativeDataset("bioc-json", nil, "a"), map[string]string{"a": `{"PubTator3": [{"_id": "7|None", "id": "7", "infons": {}, "passages": [{"infons": {"type": "title"}, "offset": 0, "text": "Zoë left", "sentences": [], "annotations": [{"id": "1", "infons": {"type": "PER", "valid": true}, "text": "Zoë", "locations": [{"offset": 0, "length": 3}]}], "relations": []}], "pmid": 7}]}`},
			"\"Zoë left\" person=Zoë\n", ""},
		"bioc-json, a document per line":         {nativeDataset("bioc-json", nil, "a"), map[string]string{"a": "{\"id\": 1, \"passages\": [{\"offset\": 0, \"text\": \"Zoë\"}]}\n{\"id\": 2, \"passages\": [{\"offset\": 0, \"text\": \"Bo\"}]}\n"}, "\"Zoë\"\n\"Bo\"\n", ""},
		"bioc-json, several collections":         {nativeDataset("bioc-json", nil, "a"), map[string]string{"a": `[{"documents": [{"id": "1", "passages": [{"offset": 0, "text": "Zoë"}]}]}, {"documents": [{"id": "2", "passages": [{"offset": 0, "text": "Bo"}]}]}]`}, "\"Zoë\"\n\"Bo\"\n", ""},
		"bioc-xml, several collections":          {nativeDataset("bioc-xml", nil, "a.xml"), map[string]string{"a.xml": `<?xml version="1.0"?><collection><document><id>1</id><passage><offset>0</offset><text>Zoë</text></passage></document></collection><?xml version="1.0"?><collection><document><id>2</id><passage><offset>0</offset><text>Bo</text></passage></document></collection>`}, "\"Zoë\"\n\"Bo\"\n", ""},
		"bioc-json, annotations of the document": {nativeDataset("bioc-json", nil, "a"), map[string]string{"a": `{"documents": [{"id": "1", "passages": [{"offset": 0, "text": "Zoë"}], "annotations": [{"infons": {"type": "PER"}, "locations": [{"offset": 0, "length": 3}]}]}]}`}, "\"Zoë\" person=Zoë\n", ""},
		"genia, edges":                           {semDataset("a.xml"), map[string]string{"a.xml": `<set><sentence>a<cons sem="G#protein_x"> b </cons><cons sem="G#protein_x"></cons></sentence></set>`}, "\"a b \" protein= b \n", "empty_span"},
		"i2b2-con, folders": {nativeDataset("i2b2-con", nil, "**/*"), map[string]string{
			"one/txt/a.txt": "Zoë left\n", "two/txt/a.txt": "Essa\n", "one/concept/a.con": "c=\"zoë\" 1:0 1:0||t=\"PER\"\n", "two/concept/a.con": "c=\"essa\" 1:0 1:0||t=\"LOC\"\nc=\"x\" 9:0 9:0||t=\"other\"\n"},
			"\"Zoë left\\n\" person=Zoë\n\"Essa\\n\" place=Essa\n", "other_labels"},
		"i2b2-2006, marks": {nativeDataset("i2b2-2006-xml", nil, "a.xml"), map[string]string{"a.xml": "<ROOT><TEXT>\n\n<PHI TYPE=\"PER\">\nZoë </PHI>[ report_end ]<PHI TYPE=\"LOC\">Essa</PHI>\n[ report_end ]\n</TEXT></ROOT>"},
			"\"Zoë Essa\" person=Zoë  place=Essa\n", "trimmed_span"},
		"clef, fragments": {nativeDataset("clef-pipe", nil, "d/*"), map[string]string{"d/a.txt": "Zoë left Essa now", "d/a.pipe.txt": clefLine("0-3,8-13,3-8") + clefLine("14-17,0-3")},
			"\"Zoë left Essa now\" person=Zoë left Essa person=Zoë left Essa now\n", "discontinuous"},
		"ace, head": {nativeDataset("ace-apf", &datasets.Fields{Mentions: "head"}, "d/*"), map[string]string{"d/a.sgm": sgm, "d/a.apf.xml": apf}, "\"\\n\\nZoë Li of R&amp;D left Essa\\n\\n\\n\" person=Zoë Li\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.dataset.Sets[0].Family == "clef-pipe" {
				tc.dataset.LabelRule = datasets.Single
			}
			got, tally, err := loaded(t, tc.dataset, tc.files)
			if err != nil {
				t.Fatal(err)
			}
			if got != tc.want {
				t.Errorf("found\n%swant\n%s", got, tc.want)
			}
			for _, kind := range strings.Fields(tc.count) {
				if tally.Repairs[kind] != 1 {
					t.Errorf("counted %v, want one %s", tally.Repairs, kind)
				}
			}
		})
	}
}

func semDataset(file string) *datasets.Dataset {
	dataset := nativeDataset("genia-xml", nil, file)
	dataset.LabelRule = datasets.SemPrefix
	return dataset
}

// TestMalformedNativeFiles checks that errors name the file, the position, and the
// expected input.
func TestMalformedNativeFiles(t *testing.T) {
	events := &datasets.Fields{Tags: "type"}
	for name, tc := range map[string]struct {
		dataset *datasets.Dataset
		files   map[string]string
		want    string
	}{
		"xml, truncated":           {semDataset("a.xml"), map[string]string{"a.xml": "<set>\n<sentence>x"}, "a.xml:2: the file ends within <sentence>"},
		"xml, truncated tag":       {semDataset("a.xml"), map[string]string{"a.xml": "<set>\n<sent"}, "a.xml:2: the file ends within a tag"},
		"xml, nesting":             {semDataset("a.xml"), map[string]string{"a.xml": "<set>\n<a></set>"}, "a.xml:2: </set>: <a> is open"},
		"xml, reference":           {semDataset("a.xml"), map[string]string{"a.xml": "<set>\n\n&nbsp;</set>"}, `a.xml:3: unknown reference "&nbsp;"`},
		"xml, encoding":            {semDataset("a.xml"), map[string]string{"a.xml": "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><set/>"}, "its encoding is ISO-8859-1: convert it to UTF-8"},
		"xml, UTF-8":               {semDataset("a.xml"), map[string]string{"a.xml": "<set>\xff</set>"}, "a.xml:1: not valid UTF-8"},
		"xml, empty":               {semDataset("a.xml"), map[string]string{"a.xml": ""}, "a.xml: contains no element"},
		"xml, not xml":             {semDataset("a.xml"), map[string]string{"a.xml": "plain text"}, "a.xml:1: the file ends with text"},
		"bioc-xml, location":       {nativeDataset("bioc-xml", nil, "a.xml"), map[string]string{"a.xml": "<collection><document><passage><annotation><location offset='x' length='1'/>"}, "a.xml:1: location: expected numbers"},
		"bioc-xml, no location":    {nativeDataset("bioc-xml", nil, "a.xml"), map[string]string{"a.xml": "<c><document><id>7</id><passage><offset>0</offset><text>x</text><annotation><infon key='type'>PER</infon></annotation></passage></document></c>"}, "document 7: an annotation has no location"},
		"bioc-xml, offsets":        {nativeDataset("bioc-xml", nil, "a.xml"), map[string]string{"a.xml": "<c><document><id>7</id><passage><offset>0</offset><text>x</text><annotation><infon key='type'>PER</infon><location offset='1' length='2'/></annotation></passage></document></c>"}, "document 7: mention: offset 3: outside the text of 1 code points"},
		"bioc-json, array":         {nativeDataset("bioc-json", nil, "a"), map[string]string{"a": "[3]"}, `a:1: element 0: expected an object with "documents"`},
		"bioc-json, none":          {nativeDataset("bioc-json", nil, "a"), map[string]string{"a": "{}"}, `a:1: expected an object with "documents", or a document with "passages"`},
		"bioc-json, truncated":     {nativeDataset("bioc-json", nil, "a"), map[string]string{"a": `{"documents": [{"id": "1"}`}, "a:1: element 1: unexpected end"},
		"bioc-json, label":         {nativeDataset("bioc-json", nil, "a"), map[string]string{"a": `{"documents": [{"id": "1", "passages": [{"text": "x", "annotations": [{"infons": {"type": "ORG"}, "locations": [{"offset": 0, "length": 1}]}]}]}]}`}, `document 1: unknown label "ORG"`},
		"bioc-json, trailing data": {nativeDataset("bioc-json", nil, "a"), map[string]string{"a": `{"documents": [{"id": "1"}]} 3`}, "a:1: expected an object"},
		"xml, text outside":        {semDataset("a.xml"), map[string]string{"a.xml": "x<set></set>"}, `a.xml:1: "x": text outside all elements`},
		"xml, comment":             {semDataset("a.xml"), map[string]string{"a.xml": "<set>\n<!-- x > </set>"}, "a.xml:2: <!-- is not closed"},
		"xml, attribute":           {semDataset("a.xml"), map[string]string{"a.xml": "<set><sentence><cons sem=\"G#protein&x;\">a</cons></sentence></set>"}, `unknown reference "&x;`},
		"bc2gm, columns":           {nativeDataset("bc2gm-native", nil, "x.in", "GENE.eval"), map[string]string{"x.in": "S1 x\n", "GENE.eval": "S1|0 0\n"}, "GENE.eval:1: 2 columns, expected ID|START END|mention"},
		"bc2gm, offsets":           {nativeDataset("bc2gm-native", nil, "x.in", "GENE.eval"), map[string]string{"x.in": "S1 x y\n", "GENE.eval": "S1|0 2|x\n"}, "x.in:1: mention of characters 0 to 2: the sentence S1 has 2"},
		"bc2gm, sentence":          {nativeDataset("bc2gm-native", nil, "x.in", "GENE.eval"), map[string]string{"x.in": "S1\n", "GENE.eval": ""}, "x.in:1: expected ID and text"},
		"chemdner, columns":        {nativeDataset("chemdner-tsv", nil, "x.abstracts.txt", "x.annotations.txt"), map[string]string{"x.abstracts.txt": "1\tx\n", "x.annotations.txt": ""}, "x.abstracts.txt:1: 2 columns, expected PMID, title, abstract"},
		"chemdner, part":           {nativeDataset("chemdner-tsv", nil, "x.abstracts.txt", "x.annotations.txt"), map[string]string{"x.abstracts.txt": "", "x.annotations.txt": "1\tX\t0\t1\tx\tPER\n"}, "x.annotations.txt:1: "},
		"chemdner, offsets":        {nativeDataset("chemdner-tsv", nil, "x.abstracts.txt", "x.annotations.txt"), map[string]string{"x.abstracts.txt": "1\tx\tyz\n", "x.annotations.txt": "1\tT\t0\t2\tx\tPER\n"}, `x.abstracts.txt:1: mention "x": offsets 0 to 2 are outside its 1 code points`},
		"ebmnlp, lines":            {nativeDataset("ebmnlp-native", nil, "documents/*", "participants/*"), map[string]string{"documents/1.tokens": "a\nb\n", "participants/1.AGGREGATED.ann": "0\n"}, "participants/1.AGGREGATED.ann: 1 lines, the document has 2 tokens"},
		"ebmnlp, number":           {nativeDataset("ebmnlp-native", nil, "documents/*", "participants/*"), map[string]string{"documents/1.tokens": "a\n", "participants/1.AGGREGATED.ann": "x\n"}, `participants/1.AGGREGATED.ann:1: "x": expected a number`},
		"ebmnlp, no document":      {nativeDataset("ebmnlp-native", nil, "documents/*", "participants/*"), map[string]string{"documents/2.tokens": "a\n", "participants/1.AGGREGATED.ann": "1\n"}, "document 1: has annotations but no file 1.tokens"},
		"sofc, no table":           {nativeDataset("sofc-layers", nil, "texts/*"), map[string]string{"texts/A.txt": "x"}, "no table of articles"},
		"sofc, missing":            {nativeDataset("sofc-layers", nil, "*.csv", "texts/*"), map[string]string{"x-Metadata.csv": "name\tset\nA\ttest\n", "texts/A.txt": "x"}, "article A: its "},
		"sofc, header":             {nativeDataset("sofc-layers", nil, "*.csv"), map[string]string{"x-Metadata.csv": "title\tset\n"}, "expected the columns name and set"},
		"i2b2-con, form":           {nativeDataset("i2b2-con", nil, "*"), map[string]string{"a.txt": "x", "a.con": "c=\"x\" 1:0||t=\"PER\"\n"}, "a.con:1: expected c=\"mention\""},
		"i2b2-con, line":           {nativeDataset("i2b2-con", nil, "*"), map[string]string{"a.txt": "x\n", "a.con": "c=\"x\" 2:0 2:0||t=\"PER\"\n"}, "a.con:1: line 2: the text has 1 lines"},
		"i2b2-con, token":          {nativeDataset("i2b2-con", nil, "*"), map[string]string{"a.txt": "x\n", "a.con": "c=\"x\" 1:0 1:1||t=\"PER\"\n"}, "a.con:1: token 1 of line 1: the line has 1 tokens"},
		"i2b2-con, no text":        {nativeDataset("i2b2-con", nil, "**/*"), map[string]string{"txt/a.txt": "x\n", "concept/a.con": "", "concept/b.con": ""}, "b.con: its text b.txt is missing"},
		"i2b2-con, several":        {nativeDataset("i2b2-con", nil, "**/*"), map[string]string{"txt/a.txt": "x\n", "one/a.con": "", "two/a.con": ""}, "txt/a.txt: has 2 files a.con: expected one"},
		"i2b2-con, none":           {nativeDataset("i2b2-con", nil, "*"), map[string]string{"a.txt": "x\n"}, "a.txt: no annotations"},
		"i2b2-tags, text":          {nativeDataset("i2b2-tags-xml", events, "a.xml"), map[string]string{"a.xml": "<x><TEXT>x</TEXT></x>"}, "a.xml: expected <TEXT><![CDATA["},
		"i2b2-tags, number":        {nativeDataset("i2b2-tags-xml", events, "a.xml"), map[string]string{"a.xml": "<TEXT><![CDATA[x]]></TEXT>\n<TAGS>\n<E start=\"a\" end=\"1\" type=\"PER\" />\n</TAGS>"}, "a.xml:3: start \"a\""},
		"i2b2-tags, element":       {nativeDataset("i2b2-tags-xml", events, "a.xml"), map[string]string{"a.xml": "<TEXT><![CDATA[x]]></TEXT>\n<TAGS>\n<E>x</E>\n</TAGS>"}, "a.xml:3: expected one empty element"},
		"i2b2-2006, open":          {nativeDataset("i2b2-2006-xml", nil, "a.xml"), map[string]string{"a.xml": "<ROOT><RECORD><TEXT><PHI TYPE=\"PER\">x</TEXT></RECORD></ROOT>"}, "a.xml:1: </TEXT>: a PHI is open"},
		"i2b2-2006, truncated":     {nativeDataset("i2b2-2006-xml", nil, "a.xml"), map[string]string{"a.xml": "<ROOT>\n<RECORD><TEXT>x</TEXT></RECORD>\n<RECORD>\n<TEXT>y"}, "a.xml:4: the file ends within <TEXT>"},
		"i2b2-2006, nesting":       {nativeDataset("i2b2-2006-xml", nil, "a.xml"), map[string]string{"a.xml": "<ROOT><RECORD><TEXT>x</RECORD></ROOT>"}, "a.xml:1: </RECORD>: <TEXT> is open"},
		"i2b2-2006, type":          {nativeDataset("i2b2-2006-xml", nil, "a.xml"), map[string]string{"a.xml": "<ROOT><TEXT><PHI>x</PHI></TEXT></ROOT>"}, "a.xml:1: PHI: has no TYPE"},
		"clef, columns":            {nativeDataset("clef-pipe", nil, "*"), map[string]string{"a.txt": "x", "a.pipe.txt": "a.txt|0-1|x\n"}, "a.pipe.txt:1: 3 columns, expected 22"},
		"clef, spans":              {nativeDataset("clef-pipe", nil, "*"), map[string]string{"a.txt": "x", "a.pipe.txt": clefLine("1")}, `a.pipe.txt:1: spans "1": expected a-b`},
		"clef, no text":            {nativeDataset("clef-pipe", nil, "*"), map[string]string{"a.txt": "x", "b.pipe.txt": ""}, "b.pipe.txt: its text b.txt is missing"},
		"clef, none":               {nativeDataset("clef-pipe", nil, "*"), map[string]string{"a.txt": "x"}, "no annotations: files NAME.pipe.txt"},
		"ace, pair":                {nativeDataset("ace-apf", nil, "*"), map[string]string{"a.sgm": "x"}, "a.sgm: its file a.apf.xml is missing"},
		"ace, tag":                 {nativeDataset("ace-apf", nil, "*"), map[string]string{"a.sgm": "<DOC", "a.apf.xml": apf}, "a.sgm: the tag <DOC is not closed"},
		"ace, offsets":             {nativeDataset("ace-apf", nil, "*"), map[string]string{"a.sgm": "x", "a.apf.xml": apf}, "a.apf.xml:1: mention: offset 2: outside the text of 1 code points"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := loaded(t, tc.dataset, tc.files)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v, want one with %q", err, tc.want)
			}
		})
	}
}

// FuzzNativeFamilies checks that no input makes a loader panic, and that every span
// covers its mention.
func FuzzNativeFamilies(f *testing.F) {
	for _, s := range []string{bioc, biocJSON, geniaXML, tagsXML, deidXML, apf, sgm, clefLine("0-3,4-6"), "c=\"x\" 1:0 1:0||t=\"PER\"\n", "S1|0 1|x\n", "1\tT\t0\t3\tZoë\tPER\n", "1\n0\n2\n", "2\t1\t0\t2\tB-PER\tO\n", "1\t1\t0\t3\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for family, files := range map[string]map[string]string{
			"bioc-xml": {"a.xml": s}, "bioc-json": {"a.xml": s}, "genia-xml": {"a.xml": s}, "i2b2-2006-xml": {"a.xml": s}, "i2b2-tags-xml": {"a.xml": s},
			"ace-apf": {"a.sgm": sgm, "a.apf.xml": s}, "clef-pipe": {"a.txt": "Zoë left", "a.pipe.txt": s}, "i2b2-con": {"a.txt": "Zoë left\nEssa", "a.con": s},
			"bc2gm-native": {"x.in": "S1 Zoë left\n", "GENE.eval": s}, "chemdner-tsv": {"x.abstracts.txt": "1\tZoë\tleft\n", "x.annotations.txt": s},
			"ebmnlp-native": {"documents/1.tokens": "a\nb\nc\n", "participants/1.AGGREGATED.ann": s},
			"sofc-layers":   {"x-Metadata.csv": "name\tset\nA\ttest\n", "texts/A.txt": "Zoë left Essa", "sentences/A.csv": "2\t1\t0\t13\n", "entity_types_and_slots/A.csv": s},
		} {
			dataset := nativeDataset(family, nil, "**/*")
			if family == "genia-xml" {
				dataset.LabelRule = datasets.SemPrefix
			}
			if family == "i2b2-tags-xml" {
				dataset.Sets[0].Fields = &datasets.Fields{Tags: "type"}
			}
			_, _, _ = loaded(t, dataset, files) // an error is accepted, too
		}
	})
}
