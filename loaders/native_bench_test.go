package loaders_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"nerbench/datasets"
	"nerbench/loaders"
	"nerbench/ner"
)

// BenchmarkNative prints MB/s of invented XML and JSON on one core; the budget is
// 40 (DESIGN.md §6).
func BenchmarkNative(b *testing.B) {
	const times = 20000
	sentence := `<sentence>The <cons lex="Zoe_Li_gene" sem="G#other_name"><cons lex="Zoe_Li" sem="G#protein_molecule">Zoe Li</cons> gene</cons> of <cons lex="*" sem="(AND G#x G#y)"><cons lex="a*">alpha</cons> and <cons lex="b*">beta</cons> parts</cons> is steady in Essa.</sentence>` + "\n"
	document := `<document><id>1</id><passage><infon key="type">title</infon><offset>0</offset><text>Mira &amp; Li left Essa.</text><annotation id="1"><infon key="identifier">17</infon><infon key="type">PER</infon><location offset="0" length="4"/><text>Mira</text></annotation></passage>` +
		`<passage><offset>21</offset><text>` + strings.Repeat("Steady rainfall over the hills of Essa was seen by all. ", 20) + `</text></passage></document>`
	object := `{"id": "1", "passages": [{"offset": 0, "text": "Mira left Essa.", "annotations": [{"id": "0", "infons": {"identifier": "17", "type": "PER"}, "text": "Mira", "locations": [{"offset": 0, "length": 4}]}]}, {"offset": 16, "text": "` +
		strings.Repeat("Steady rainfall over the hills of Essa was seen by all. ", 20) + `", "annotations": []}]}`
	record := "<RECORD ID=\"1\">\n<TEXT>\n<PHI TYPE=\"PER\">Mira</PHI> of <PHI TYPE=\"LOC\">Essa</PHI> has BP &lt; 90 .\n" + strings.Repeat("Steady rainfall over the hills .\n", 20) + "[ report_end ]\n</TEXT>\n</RECORD>\n"
	for name, c := range map[string]struct {
		row     *datasets.Row
		content string
	}{
		"genia-xml":     {semRow("a.xml"), "<set>" + strings.Repeat(sentence, times) + "</set>"},
		"bioc-xml":      {nativeRow("bioc-xml", nil, "a.xml"), "<collection>" + strings.Repeat(document, times) + "</collection>"},
		"bioc-json":     {nativeRow("bioc-json", nil, "a.json"), `{"documents": [` + strings.Repeat(object+",\n", times) + object + "]}"},
		"i2b2-2006-xml": {nativeRow("i2b2-2006-xml", nil, "a.xml"), "<ROOT>" + strings.Repeat(record, times) + "</ROOT>"},
	} {
		b.Run(name, func(b *testing.B) {
			file := c.row.Sets[0].Splits[0].Files[0].Path
			data := fstest.MapFS{"own/" + file: {Data: []byte(c.content)}}
			b.SetBytes(int64(len(c.content)))
			b.ReportAllocs()
			for b.Loop() {
				docs, _, err := loaders.Documents(b.Context(), data, c.row, loaders.Options{Split: ner.Test})
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
				if n < times {
					b.Fatalf("%d documents, want %d", n, times)
				}
			}
		})
	}
}
