package loaders_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"nerbench/datasets"
	"nerbench/loaders"
	"nerbench/ner"
)

// TestReleases reads archives in the form in which the owners of the corpora
// publish them (docs/spec/formats.md §4), with invented members, by the datasets of
// the benchmark.
func TestReleases(t *testing.T) {
	ds, err := datasets.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	type files = [][2]string
	events := strings.Replace(strings.ReplaceAll(tagsXML, "PER", "PROBLEM"), "LOC", "TEST", 1)
	const phi = "<x>\n<TEXT><![CDATA[\nZoë left\n]]></TEXT>\n<TAGS>\n<NAME id=\"P0\" start=\"1\" end=\"4\" text=\"Zoë\" TYPE=\"PATIENT\" comment=\"\" />\n</TAGS>\n</x>\n"
	const ebm = "ebm_nlp_2_00/annotations/aggregated/starting_spans/"
	concept := func(label string) string { return "c=\"zoë\" 1:0 1:0||t=\"" + label + "\"\n" }
	for name, tc := range map[string]struct {
		row, set string
		split    ner.Split
		archives map[string]files
		want     string
	}{
		"2010, train": {"i2b2-2010-concepts", "", ner.Train, map[string]files{"concept_assertion_relation_training_data.tar.gz": {
			{"concept_assertion_relation_training_data/beth/txt/record-1.txt", "Zoë left\n"}, {"concept_assertion_relation_training_data/beth/concept/record-1.con", concept("problem")},
			{"concept_assertion_relation_training_data/beth/ast/record-1.ast", "c=\"x\" 1:0 1:0||t=\"problem\"||a=\"present\"\n"},
			{"concept_assertion_relation_training_data/partners/txt/record-1.txt", "Zoë\n"}, {"concept_assertion_relation_training_data/partners/concept/record-1.con", concept("test")},
			{"concept_assertion_relation_training_data/partners/unannotated/record-3.txt", "Zoë\n"}}},
			"\"Zoë left\\n\" medical problem=Zoë\n\"Zoë\\n\" medical test=Zoë\n"},
		"2010, test": {"i2b2-2010-concepts", "", ner.Test, map[string]files{
			"test_data.tar.gz":                        {{"test_data/0001.txt", "Zoë left\n"}, {"test_data/._0001.txt", "x"}},
			"reference_standard_for_test_data.tar.gz": {{"reference_standard_for_test_data/concepts/0001.con", concept("treatment")}, {"reference_standard_for_test_data/ast/0001.ast", "x"}}},
			"\"Zoë left\\n\" treatment=Zoë\n"},
		"2012, train": {"i2b2-2012-temporal", "", ner.Train, map[string]files{"2012-07-15.original-annotation.release.tar.gz": {{"2012-07-15.original-annotation.release/1.xml", events}, {"2012-07-15.original-annotation.release/1.xml.extent", "x"}}},
			"\"\\nZoë & Li < 3 left Essa\\n\" medical problem=Zoë medical problem=Li medical test=Essa\n"},
		"2012, test": {"i2b2-2012-temporal", "", ner.Test, map[string]files{"2012-08-23.test-data.groundtruth.tar.gz": {{"ground_truth/merged_xml/1.xml", events}, {"ground_truth/unmerged_xml/1.xml", "x"}}},
			"\"\\nZoë & Li < 3 left Essa\\n\" medical problem=Zoë medical problem=Li medical test=Essa\n"},
		"2014, train": {"i2b2-2014-deid", "", ner.Train, map[string]files{
			"2014_training-PHI-Gold-Set1.tar.gz": {{"training-PHI-Gold-Set1/220-01.xml", phi}, {"training-PHI-Gold-Set1/._220-01.xml", "x"}},
			"training-PHI-Gold-Set2.tar.gz":      {{"training-PHI-Gold-Set2/110-01.xml", phi}}},
			"\"\\nZoë left\\n\" patient=Zoë\n\"\\nZoë left\\n\" patient=Zoë\n"},
		"2014, test": {"i2b2-2014-deid", "", ner.Test, map[string]files{"testing-PHI-Gold-fixed.tar.gz": {{"testing-PHI-Gold-fixed/110-01.xml", phi}}},
			"\"\\nZoë left\\n\" patient=Zoë\n"},
		"EBM-NLP, train": {"ebmnlp", "ebmnlp-native", ner.Train, map[string]files{"ebm_nlp_2_00.tar.gz": {
			{"ebm_nlp_2_00/documents/1.tokens", "Zoë\nleft\n"}, {"ebm_nlp_2_00/documents/1.text", "x"}, {"ebm_nlp_2_00/documents/2.tokens", "Li\n"},
			{ebm + "participants/train/1.AGGREGATED.ann", "1\n0\n"}, {ebm + "interventions/train/1.AGGREGATED.ann", "0\n1\n"}, {ebm + "outcomes/train/1.AGGREGATED.ann", "0\n0\n"},
			{ebm + "participants/test/gold/2.AGGREGATED.ann", "1\n"}, {ebm + "interventions/test/gold/2.AGGREGATED.ann", "0\n"}, {ebm + "outcomes/test/gold/2.AGGREGATED.ann", "0\n"},
			{"ebm_nlp_2_00/annotations/aggregated/hierarchical_labels/participants/train/1.AGGREGATED.ann", "7\n7\n"}}},
			"\"Zoë left\" participant=Zoë intervention=left\n"},
		"EBM-NLP, test": {"ebmnlp", "ebmnlp-native", ner.Test, map[string]files{"ebm_nlp_2_00.tar.gz": {
			{"ebm_nlp_2_00/documents/1.tokens", "Zoë\nleft\n"}, {"ebm_nlp_2_00/documents/2.tokens", "Li\n"},
			{ebm + "participants/train/1.AGGREGATED.ann", "1\n0\n"}, {ebm + "interventions/train/1.AGGREGATED.ann", "0\n1\n"}, {ebm + "outcomes/train/1.AGGREGATED.ann", "0\n0\n"},
			{ebm + "participants/test/gold/2.AGGREGATED.ann", "1\n"}, {ebm + "interventions/test/gold/2.AGGREGATED.ann", "0\n"}, {ebm + "outcomes/test/gold/2.AGGREGATED.ann", "0\n"}}},
			"\"Li\" participant=Li\n"},
	} {
		t.Run(name, func(t *testing.T) {
			dataset, err := datasets.Find(ds, tc.row)
			if err != nil {
				t.Fatal(err)
			}
			data := fstest.MapFS{}
			for name, members := range tc.archives {
				data[dataset.DataDir+"/"+name] = &fstest.MapFile{Data: []byte(tarball(t, members...))}
			}
			docs, _, err := documentsOf(t, data, dataset, loaders.Options{Set: tc.set, Split: tc.split})
			if err != nil {
				t.Fatal(err)
			}
			if docs != tc.want {
				t.Errorf("found\n%swant\n%s", docs, tc.want)
			}
		})
	}
}
