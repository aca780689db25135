package files_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"nerbench/answers"
	"nerbench/harness/files"
	"nerbench/internal/fault"
	"nerbench/loaders"
	"nerbench/metrics"
	"nerbench/ner"
)

// Two invented passages with text that takes several bytes and UTF-16 units.
const formatGold = `{"id": "a", "text": "Zoë 🦊 left Essa", "tokens": [[0, 3], [4, 5], [6, 10], [11, 15]], "spans": [{"start": 0, "end": 3, "type": "person"}, {"start": 11, "end": 15, "type": "city"}]}
{"id": "b", "text": "Bo saw Mira Okafor", "tokens": [[0, 2], [3, 6], [7, 11], [12, 18]], "spans": [{"start": 0, "end": 2, "type": "person"}, {"start": 7, "end": 18, "type": "person"}]}
`

// formatFiles are the gold of formatGold as predictions, in each shape of each format.
var formatFiles = map[string]struct {
	format files.Format
	text   string
}{
	"jsonl spans": {files.JSONL, `{"id": "b", "spans": [{"start": 0, "end": 2, "type": "person"}, {"start": 7, "end": 18, "type": "person", "text": "Mira Okafor"}]}
{"id": "a", "spans": [{"start": 0, "end": 3, "type": "person"}, {"start": 11, "end": 15, "type": "city"}]}`},
	"jsonl mentions": {files.JSONL, `{"id": "a", "mentions": [{"text": "Zoë", "type": "person"}, {"text": "Essa", "type": "city"}]}
{"id": "b", "mentions": [{"text": "Bo", "type": "person"}, {"text": "Mira Okafor", "type": "person"}]}`},
	"jsonl answers": {files.JSONL, `{"id": "a", "answers": [{"types": ["person"], "text": "[\"Zoë\"]"}, {"types": ["city"], "text": "[\"Essa\"]", "finish": "stop"}]}
{"id": "b", "answers": [{"types": ["person"], "text": "[\"Bo\", \"Mira Okafor\"]"}, {"types": ["city"], "text": "[]"}]}`},
	"conll":           {files.CoNLL, "Zoë B-person\n🦊 O\nleft O\nEssa B-city\n\nBo B-person\nsaw O\nMira B-person\nOkafor I-person\n"},
	"conll with gold": {files.CoNLL, "\ufeff-DOCSTART- O O\n\nZoë O B-person\n🦊 O O\nleft O O\nEssa O B-city\n\nBo O B-person\nsaw O O\nMira O B-person\nOkafor O I-person\n"},
	"conll sentences": {files.CoNLL, "Zoë\tB-person\r\n🦊\tO\r\n\r\nleft\tO\r\nEssa\tB-city\r\n\r\n\r\nBo\tB-person\r\nsaw\tO\r\nMira\tB-person\r\nOkafor\tI-person"},
	"uniner array": {files.UniNER, `[
 {"id": "x_0", "conversations": [{"from": "human", "value": "Text: Zoë 🦊 left Essa"}, {"from": "gpt", "value": "I've read this text."}, {"from": "human", "value": "What describes person in the text?"}, {"from": "gpt", "value": "[\"Zoë\"]"}]},
 {"id": "x_1", "conversations": [{"from": "human", "value": "Text: Zoë 🦊 left Essa"}, {"from": "gpt", "value": "I've read this text."}, {"from": "human", "value": "What describes city in the text?"}, {"from": "gpt", "value": "[\"Essa\"]"}]},
 {"id": "x_2", "conversations": [{"from": "human", "value": "Text: Bo saw Mira Okafor"}, {"from": "gpt", "value": "I've read this text."}, {"from": "human", "value": "What describes person in the text?"}, {"from": "gpt", "value": "[\"Bo\", \"Mira Okafor\"]"}]},
 {"id": "x_3", "conversations": [{"from": "human", "value": "Text: Bo saw Mira Okafor"}, {"from": "gpt", "value": "I've read this text."}, {"from": "human", "value": "What describes city in the text?"}, {"from": "gpt", "value": "[]"}]}
]`},
	"uniner prediction beside gold": {files.UniNER, `{"conversations": [{"value": "Text: Zoë 🦊 left Essa"}, {"value": "…"}, {"value": "What describes person in the text?"}, {"value": "[\"no\"]"}], "prediction": "[\"Zoë\"]"}
{"conversations": [{"value": "Text: Zoë 🦊 left Essa"}, {"value": "…"}, {"value": "What describes city in the text?"}, {"value": "[]"}], "prediction": "[\"Essa\"]"}
{"conversations": [{"value": "Text: Bo saw Mira Okafor"}, {"value": "…"}, {"value": "What describes person in the text?"}], "output": "[\"Bo\", \"Mira Okafor\"]"}
{"conversations": [{"value": "Text: Bo saw Mira Okafor"}, {"value": "…"}, {"value": "What describes city in the text?"}], "output": "[]"}`},
	"gliner array of lists": {files.GLiNER, `[[{"start": 0, "end": 3, "text": "Zoë", "label": "person", "score": 0.98}, {"start": 11, "end": 15, "text": "Essa", "label": "city", "score": 0.5}],
[{"start": 0, "end": 2, "text": "Bo", "label": "person", "score": 0.7}, {"start": 7, "end": 18, "text": "Mira Okafor", "label": "person", "score": 0.7}]]`},
	"gliner lines of lists": {files.GLiNER, `[{"start": 0, "end": 3, "text": "Zoë", "label": "person", "score": 0.98}, {"start": 11, "end": 15, "text": "Essa", "label": "city", "score": 0.5}]
[{"start": 0, "end": 2, "text": "Bo", "label": "person", "score": 0.7}, {"start": 7, "end": 18, "text": "Mira Okafor", "label": "person", "score": 0.7}]`},
	"gliner texts": {files.GLiNER, `{"text": "Zoë 🦊 left Essa", "entities": [{"start": 0, "end": 3, "text": "Zoë", "label": "person", "score": 0.98}, {"start": 11, "end": 15, "label": "city"}]}
{"text": "Bo saw Mira Okafor", "entities": [{"start": 0, "end": 2, "label": "person"}, {"start": 7, "end": 18, "label": "person"}]}`},
	"gliner tokens": {files.GLiNER, `[{"tokenized_text": ["Zoë", "🦊", "left", "Essa"], "ner": [[0, 0, "person"], [3, 3, "city"]]}, {"tokenized_text": ["Bo", "saw", "Mira", "Okafor"], "ner": [[0, 0, "person"], [2, 3, "person", 0.9]]}]`},
	"evalscope predictions": {files.EvalScope, `{"index": 1, "model": "m", "model_output": {"choices": [{"message": {"role": "assistant", "content": [{"type": "reasoning", "reasoning": "hm"}, {"type": "text", "text": "<response><person>Bo</person> saw <person>Mira Okafor</person></response>"}]}, "stop_reason": "stop"}], "usage": {"input_tokens": 1}}, "messages": [{"role": "user", "content": "Tag.\nText: Bo saw Mira Okafor"}, {"role": "assistant", "content": "…"}]}
{"index": 0, "model": "m", "model_output": {"choices": [{"message": {"content": "<response><person>Zoë</person> 🦊 left <city>Essa</city></response>"}, "stop_reason": "stop"}]}}`},
	"evalscope reviews": {files.EvalScope, `{"index": 0, "input": "…", "target": "…", "sample_score": {"score": {"value": {"f1": 1.0}, "extracted_prediction": "…", "prediction": "<response><person>Zoë</person> 🦊 left <city>Essa</city></response>", "metadata": {"y_pred": ["B-PER", "O", "O", "B-LOC"]}}, "sample_id": 0, "sample_metadata": {"tokens": ["Zoë", "🦊", "left", "Essa"], "ner_tags": []}}}
{"index": 1, "sample_score": {"score": {"prediction": "<response><person>Bo</person> saw <person>Mira Okafor</person></response>"}, "sample_metadata": {"tokens": ["Bo", "saw", "Mira", "Okafor"]}}}`},
}

var formatTypes = answers.ParseTypeNames("PER=person,LOC=city")

// TestFormats reads gold as predictions in each shape of each format: every metric that
// the shape can carry is perfect, and the format is recognized.
func TestFormats(t *testing.T) {
	for name, tc := range formatFiles {
		t.Run(name, func(t *testing.T) {
			format, pred, err := files.Reading{}.Recognize(stream("pred", tc.text))
			if err != nil || format != tc.format {
				t.Fatalf("format %q, %v, want %q", format, err, tc.format)
			}
			p := files.Predictions{Gold: stream("gold", formatGold), Pred: pred, Reading: files.Reading{Format: format}}
			p.Parsing.Types = formatTypes
			report, err := p.Eval(t.Context(), files.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range report.Metrics {
				if got, want := m.Tally.Total(), (ner.Score{TP: 4, NPred: 4, NGold: 4}); got != want {
					t.Errorf("%s: %+v, want %+v", m.ID, got, want)
				}
			}
		})
	}
}

// TestFormatsOfTheSource reads the same files for documents that are not in a file.
func TestFormatsOfTheSource(t *testing.T) {
	documents := goldOf(t, formatGold)
	for name, tc := range formatFiles {
		t.Run(name, func(t *testing.T) {
			var ids []string
			info, err := files.Source{File: stream("pred", tc.text)}.Read(t.Context(), streamed(documents), func(p *files.Predicted) error {
				ids = append(ids, p.Document.ID)
				if (p.Given == nil) != (len(p.Answers) > 0) {
					t.Errorf("document %s: spans or mentions %+v, answers %+v", p.Document.ID, p.Given, p.Answers)
				}
				return nil
			})
			if err != nil || info.Format != tc.format || info.Missing != 0 || !slices.Equal(ids, []string{"a", "b"}) {
				t.Errorf("%+v, %v: documents %q", info, err, ids)
			}
			if want := sha256Of(tc.text); info.SHA256 != want {
				t.Errorf("checksum %s, want %s", info.SHA256, want)
			}
		})
	}
}

// TestFormatFaults: each error has the file, the place and the expectation.
func TestFormatFaults(t *testing.T) {
	long := strings.Repeat("x", 70<<20)
	for name, tc := range map[string]struct {
		text, want string
		hint       bool
	}{
		"another text":             {`{"text": "Zoë 🦊 left Esso", "entities": []}`, `pred:1: the text differs from document "a": it begins "Zoë`, false},
		"another prompt":           {`{"index": 0, "model_output": {"choices": [{"message": {"content": ""}}]}, "messages": [{"role": "user", "content": "no"}]}`, `pred:1: the prompt does not contain the text of document "a"`, false},
		"another token":            {"Zoë O\n🦊 O\nright O\n", `pred:1: token 3 differs from document "a": it is "right", the document continues "left Essa"`, false},
		"ends inside":              {"Zoë O\n", `pred: the file ends inside document "a"`, false},
		"sentence too many":        {"Zoë O\n🦊 O\nleft O\nEssa O\n\nBo O\nsaw O\nMira O\nOkafor O\n\nmore O\n", "pred:11: another sentence, but the documents end before it", false},
		"tag":                      {"Zoë person-\n🦊 O\nleft O\nEssa O\n", "pred:1: tag", false},
		"tokens end early":         {`{"tokenized_text": ["Zoë"], "ner": []}`, `the tokens end before document "a" does`, false},
		"token number":             {`{"tokenized_text": ["Zoë"], "ner": [[0, 1, "person"]]}`, "pred:1: entity 0: tokens 0 to 1, the text has 1", false},
		"UTF-16":                   {`{"id": "a", "spans": [{"start": 12, "end": 16, "type": "city", "text": "Essa"}]}`, `pred:1: document "a": span 0: the offsets count UTF-16 code units, want Unicode code points`, false},
		"bytes":                    {`[[{"start": 15, "end": 19, "text": "Essa", "label": "city"}], []]`, `pred: record 1: document "a": span 0: the offsets count bytes, want Unicode code points`, false},
		"covers another text":      {`{"id": "a", "spans": [{"start": 0, "end": 3, "type": "city", "text": "Essa"}]}`, `pred:1: document "a": span 0: [0,3) does not cover its text: it is "Essa", the passage has "Zoë"`, false},
		"outside the text":         {`{"id": "a", "spans": [{"start": 0, "end": 16, "type": "city"}]}`, `pred:1: document "a": span 0: [0,16) is not a range in the text of 15 code points`, false},
		"empty span":               {`{"id": "a", "spans": [{"start": 2, "end": 2, "type": "city"}]}`, "is not a range", false},
		"broken JSON":              {`{"id": "a", "spans": [`, "pred:1: want", false},
		"broken array":             {`[[{"start": 0, "end": 3, "label": "x"}], [`, "pred: record 2: ", false},
		"behind the array":         {`[[], []] x`, "pred: record 3: the file continues after its array", false},
		"not UTF-8":                {"{\"id\": \"a\", \"spans\": [], \"x\": \"\xff\"}", "pred:1: byte 32 of the line: not valid UTF-8", true},
		"not UTF-8 in an array":    {"[{\"tokenized_text\": [\"\xff\"], \"ner\": []}]", "pred: record 1: invalid UTF-8", false},
		"long line":                {`{"id": "a", "spans": [], "x": "` + long + `"}`, "pred:1: a line of more than 64 MiB", false},
		"long record":              {`[{"text": "` + long + `", "entities": []}]`, "pred: record 1: more than 64 MiB", false},
		"long line of columns":     {"Zoë O\n" + long + " O\n", "bytes", false},
		"foreign":                  {`{"id": "a", "spans": []}` + "\n" + `{"id": "b", "spans": []}` + "\n" + `{"id": "c", "spans": []}`, `pred:3: document "c": not in the set (1 such prediction)`, false},
		"another document's text":  {`{"id": "a", "text": "Zoë left Essa", "spans": []}`, `pred:1: the text differs from document "a": it begins "Zoë left`, false},
		"gzip":                     {"\x1f\x8b\x08", "pred: compressed with gzip: want text in UTF-8", true},
		"zip":                      {"PK\x03\x04", "pred: a ZIP archive: want text in UTF-8", true},
		"UTF-16 file":              {"\xff\xfe{\x00", "pred: text in UTF-16: want text in UTF-8", true},
		"twice":                    {`{"id": "a", "spans": []}` + "\n" + `{"id": "a", "spans": []}`, `pred:2: document "a": occurs twice`, false},
		"index twice":              {strings.Repeat(`{"index": 0, "sample_score": {"score": {"prediction": ""}}}`+"\n", 2), "pred:2: document number 0 (from 0): occurs twice", false},
		"too many records":         {`[[], [], []]`, "pred: record 3: document number 2 (from 0): not in the set", false},
		"missing":                  {`{"id": "b", "spans": []}`, `1 of 2 documents have no prediction, the first is "a" in pred: not scored`, true},
		"missing record":           {`[[]]`, `1 of 2 documents have no prediction, the first is "b"`, true},
		"ambiguous":                {`{"id": "a", "spans": [], "entities": []}`, "pred: the format is ambiguous: the first record has members of jsonl and of gliner", true},
		"gliner with an id":        {`{"id": "a", "entities": []}`, `entities have no "id" in this format`, false},
		"gliner entity":            {`{"text": "Zoë 🦊 left Essa", "entities": [{"start": 0}]}`, `entity 0: want {"start", "end", "label"}`, false},
		"uniner turns":             {`[{"conversations": [{"value": "Text: Zoë"}]}]`, `pred: record 1: want {"conversations"`, false},
		"uniner question":          {`[{"conversations": [{"value": "Text: Zoë"}, {"value": ""}, {"value": "Who?"}, {"value": "[]"}]}]`, "pred: record 1: expected the turns", false},
		"evalscope without answer": {`{"index": 0, "model_output": {"choices": []}}`, `pred:1: want {"index", "model_output"`, false},
		"evalscope stop":           {`{"index": 0, "model_output": {"choices": [{"message": {"content": ""}, "stop_reason": "tired"}]}}`, `stop_reason "tired": unknown`, false},
	} {
		t.Run(name, func(t *testing.T) {
			source := files.Source{File: stream("pred", tc.text), ShowText: true, Among: "the set"}
			_, err := source.Read(t.Context(), streamed(goldOf(t, formatGold)), func(*files.Predicted) error { return nil })
			if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Count(err.Error(), "\n") > 0 {
				t.Fatalf("error is %v, want %q", err, tc.want)
			}
			if hint := errors.As(err, new(*fault.Hint)); hint != tc.hint {
				t.Errorf("a hint is given: %t, want %t", hint, tc.hint)
			}
			if name == "long line" || name == "long record" || name == "long line of columns" {
				return
			}
			source = files.Source{File: stream("pred", tc.text), Among: "the set"}
			_, err = source.Read(t.Context(), streamed(goldOf(t, formatGold)), func(*files.Predicted) error { return nil })
			for _, word := range []string{"Zoë", "left", "Essa"} {
				if err == nil || strings.Contains(err.Error(), word) {
					t.Errorf("the error has text of the passage: %v", err)
				}
			}
		})
	}
}

// TestSchemesOfColumns: the tags of a file of predictions may have another scheme.
func TestSchemesOfColumns(t *testing.T) {
	tags := "Zoë U-person\n🦊 O\nleft O\nEssa U-city\n\nBo U-person\nsaw O\nMira B-person\nOkafor L-person\n"
	for _, tc := range []struct {
		reading files.Reading
		err     string
	}{
		{files.Reading{Scheme: metrics.BILOU, Mode: metrics.Strict}, ""},
		{files.Reading{Scheme: metrics.IOB2, Mode: metrics.Strict}, "pred:1: tag \"U-person\""},
	} {
		p := files.Predictions{Gold: stream("gold", formatGold), Pred: stream("pred", tags), Reading: tc.reading}
		report, err := p.Eval(t.Context(), files.Options{Metrics: []string{"span_f1"}})
		if tc.err != "" {
			if err == nil || !strings.Contains(err.Error(), tc.err) {
				t.Errorf("error is %v, want %q", err, tc.err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if s := report.Metrics[0].Tally.Total(); s.TP != 4 || s.NPred != 4 {
			t.Errorf("counts %+v", s)
		}
	}
}

// TestNativeLabels: types resolve by the native labels of the dataset, if it is named.
func TestNativeLabels(t *testing.T) {
	const tags = "Zoë B-PER\n🦊 O\nleft O\nEssa B-MISC\n\nBo B-PER\nsaw O\nMira B-Person\nOkafor I-Person\n"
	p := files.Predictions{Gold: stream("gold", formatGold), Pred: stream("pred", tags)}
	p.Parsing.Types = formatTypes
	report, err := p.Eval(t.Context(), files.Options{Metrics: []string{"span_f1"}})
	if err != nil {
		t.Fatal(err)
	}
	if s := report.Metrics[0].Tally.Total(); s != (ner.Score{TP: 3, NPred: 3, NGold: 4}) || report.Dropped[ner.UnknownType] != 1 {
		t.Errorf("counts %+v, dropped %v", s, report.Dropped)
	}
}

// TestEvalScopeNeedsTypes: its answers are about all types, which must be named.
func TestEvalScopeNeedsTypes(t *testing.T) {
	p := files.Predictions{Gold: stream("gold", formatGold), Pred: stream("pred", formatFiles["evalscope reviews"].text)}
	if _, err := p.Eval(t.Context(), files.Options{}); !errors.As(err, new(*fault.UsageError)) {
		t.Errorf("error is %v", err)
	}
}

// goldOf reads documents with gold.
func goldOf(t *testing.T, text string) []*ner.Document {
	t.Helper()
	var list []*ner.Document
	for d, err := range loaders.ReadDocuments(strings.NewReader(text)) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, d)
	}
	return list
}

// streamed streams documents.
func streamed(list []*ner.Document) iter.Seq2[*ner.Document, error] {
	return func(yield func(*ner.Document, error) bool) {
		for _, d := range list {
			if !yield(d, nil) {
				return
			}
		}
	}
}

func sha256Of(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }
