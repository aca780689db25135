package loaders_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nerbench/datasets"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// oddities are changes to a file.
var oddities = []struct {
	name string
	of   func(content string) string
}{
	{"unchanged", func(s string) string { return s }},
	{"empty", func(string) string { return "" }},
	{"byte order mark", func(s string) string { return "\uFEFF" + s }},
	{"CRLF", func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }},
	{"NUL", func(s string) string { return s[:len(s)/2] + "\x00" + s[len(s)/2:] }},
	{"Latin-1", func(s string) string { return strings.ReplaceAll(s, "ë", "\xeb") }},
	{"truncated", func(s string) string { return strings.ToValidUTF8(s[:len(s)*2/3], "") }},
	{"web page", func(string) string { return "<!DOCTYPE html>\n<html><body><p>Sign in</p></body></html>\n" }},
}

// TestOddFiles records the result for each native family after each change of its
// files: documents, counts, or an error.
func TestOddFiles(t *testing.T) {
	events := &datasets.Fields{Tags: "type", Elements: []string{"EVENT"}}
	single := nativeDataset("clef-pipe", nil, "d/*")
	single.LabelRule = datasets.Single
	var b strings.Builder
	for _, f := range []struct {
		dataset *datasets.Dataset
		files   map[string]string
	}{
		{nativeDataset("bioc-xml", nil, "a.xml"), map[string]string{"a.xml": strings.ReplaceAll(bioc, "Zo&#235;", "Zoë")}},
		{nativeDataset("bioc-json", nil, "a.json"), map[string]string{"a.json": biocJSON}},
		{semDataset("a.xml"), map[string]string{"a.xml": geniaXML}},
		{nativeDataset("bc2gm-native", nil, "x.in", "GENE.eval"), map[string]string{
			"x.in": "S1 The ½ Zoë gene .\nS2 Nothing\n", "GENE.eval": "S1|4 10|Zoë gene\nS1|0 2|The\n"}},
		{nativeDataset("chemdner-tsv", nil, "x.abstracts.txt", "x.annotations.txt"), map[string]string{
			"x.abstracts.txt": "1\tZoë left\tBo and Essa\n2\tLi\t\n", "x.annotations.txt": "1\tT\t0\t3\tZoë\tPER\n1\tA\t7\t11\tEssa\tLOC\n"}},
		{nativeDataset("ebmnlp-native", nil, "documents/*", "participants/*", "outcomes/*"), map[string]string{
			"documents/1.tokens": "Zoë\nLi\nand\nBo\n", "participants/1.AGGREGATED.ann": "1\n1\n0\n2\n", "outcomes/1.AGGREGATED.ann": "0\n1\n1\n0\n"}},
		{nativeDataset("sofc-layers", nil, "x-Metadata.csv", "texts/*", "sentences/*", "entity_types_and_slots/*"), map[string]string{
			"x-Metadata.csv": "title\tname\tset\n\"two\nlines\"\tA\ttest\nother\tB\ttrain\n", "texts/A.txt": "Zoë\nleft. Li and Essa.", "sentences/A.csv": "1\t0\t0\t9\n2\t1\t10\t22\n",
			"entity_types_and_slots/A.csv": "2\t1\t0\t2\tB-PER\tO\n2\t2\t3\t6\tO\tO\n2\t3\t7\t11\tB-LOC\tO\n2\t4\t11\t12\tO\tO\n"}},
		{nativeDataset("i2b2-con", nil, "**/*"), map[string]string{
			"txt/a.txt": "Zoë  left\tEssa\nand Li\n", "concept/a.con": "c=\"zoë\" 1:0 1:0||t=\"PER\"\nc=\"left \"essa\" and\" 1:1 2:0||t=\"PER\"\n"}},
		{nativeDataset("i2b2-tags-xml", events, "d/*"), map[string]string{"d/a.xml": tagsXML}},
		{nativeDataset("i2b2-2006-xml", nil, "a.xml"), map[string]string{"a.xml": deidXML}},
		{single, map[string]string{"d/a.txt": "Zoë left\nEssa now", "d/a.pipe.txt": clefLine("0-3") + clefLine("9-13,14-17")}},
		{nativeDataset("ace-apf", nil, "d/*"), map[string]string{"d/a.sgm": sgm, "d/a.apf.xml": apf}},
	} {
		for _, file := range slices.Sorted(maps.Keys(f.files)) {
			fmt.Fprintf(&b, "%s: %s\n", f.dataset.Sets[0].Family, file)
			for _, odd := range oddities {
				files := maps.Clone(f.files)
				files[file] = odd.of(files[file])
				fmt.Fprintf(&b, "  %s\n", odd.name)
				got, tally, err := loaded(t, f.dataset, files)
				for line := range strings.Lines(got) {
					b.WriteString("    " + strings.NewReplacer("\r", `\r`, "\uFEFF", `\ufeff`).Replace(line))
				}
				if tally != nil && err == nil {
					fmt.Fprintf(&b, "    %v\n", tally.Repairs)
				}
				if err != nil {
					fmt.Fprintf(&b, "    error: %v\n", err)
				}
			}
		}
	}
	golden := filepath.Join("testdata", "odd_files.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("differs from %s; run with -update and review the difference:\n%s", golden, b.String())
	}
}
