package files_test

import (
	"io"
	"strings"
	"testing"

	"nerbench/harness/files"
	"nerbench/metrics"
	"nerbench/ner"
)

const goldColumns = "Mira X B-person\nOkafor X I-person\nleft X O\n\nPort X B-place\nVarna X I-place\n"

func TestTagFiles(t *testing.T) {
	// Other blank lines, other columns, CRLF, and no line end at the end.
	const pred = "\n\nMira B-person\r\nOkafor O\r\nleft O\r\n\n \t\n\nPort B-place\r\nVarna I-place"
	report, err := files.TagFiles{Gold: stream("g.conll", goldColumns), Pred: stream("p.conll", pred), Scheme: metrics.IOB2, Mode: metrics.Lenient}.Eval(t.Context(),
		files.Options{Metrics: []string{"span_f1", "uniner_f1"}, Taxonomy: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range report.Metrics {
		if got := m.Tally.Total(); got != (ner.Score{TP: 1, NPred: 2, NGold: 2}) {
			t.Errorf("%s: counts are %+v", m.ID, got)
		}
	}
	if e := report.Taxonomy.Total(); e.C != 1 || e.B != 1 || report.Passages != 2 || report.JSON()["tokens"] != 5 {
		t.Errorf("errors are %+v, %d passages", e, report.Passages)
	}
}

// TestTagFilesLikeOneFile checks that two files and one file with both columns have the
// same counts in each scheme.
func TestTagFilesLikeOneFile(t *testing.T) {
	words := strings.Fields("a b c d e f g h")
	iobes := [2]string{"B-x I-x O S-y B-y E-y O I-x", "B-x O O S-y I-y E-y B-x I-x"}
	of := map[metrics.Scheme][2]string{
		metrics.BILOU: {"B-x I-x O U-y B-y L-y O I-x", "B-x O O U-y I-y L-y B-x I-x"},
		metrics.BMES:  {"B-x E-x O S-y B_y E_y o M-x", "x-B O O S-y M-y E-y B-x M-x"},
		metrics.IO:    {"x x O y y y O x", "x O O y I-y y x x"},
	}
	for _, scheme := range metrics.Schemes {
		tags, ok := of[scheme]
		if !ok {
			tags = iobes
		}
		gold, pred := strings.Fields(tags[0]), strings.Fields(tags[1])
		var g, p, both strings.Builder
		for i := range words {
			g.WriteString(words[i] + " " + gold[i] + "\n")
			p.WriteString(words[i] + " " + pred[i] + "\n")
			both.WriteString(words[i] + " " + gold[i] + " " + pred[i] + "\n")
			if i == 4 {
				g.WriteString("\n")
				p.WriteString("\n\n")
				both.WriteString("\n")
			}
		}
		one, err := files.Tags{File: stream("t", both.String()), Scheme: scheme, Mode: metrics.Lenient}.Eval(t.Context(), files.Options{})
		if err != nil {
			t.Fatal(err)
		}
		two, err := files.TagFiles{Gold: stream("g", g.String()), Pred: stream("p", p.String()), Scheme: scheme, Mode: metrics.Lenient}.Eval(t.Context(), files.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if a, b := one.Metrics[0].Tally.Total(), two.Metrics[0].Tally.Total(); a != b || a.NGold == 0 {
			t.Errorf("%s: counts of one file %+v, of two files %+v", scheme, a, b)
		}
	}
}

func TestTagFilesErrors(t *testing.T) {
	for _, tc := range []struct{ name, pred, want string }{
		{"token", "\nMira B-person\nOkafer I-person\n", `p.conll:3: token "Okafer", but g.conll has "Okafor" in line 2`},
		{"sentence too short", "Mira O\nOkafor O\n\nleft O\n", `p.conll:3: the sentence ends after 2 tokens, but g.conll continues it with "left" in line 3`},
		{"sentence too long", "Mira O\nOkafor O\nleft O\nPort O\n", `p.conll:4: the sentence continues with "Port", but in g.conll it ends after 3 tokens, in line 4`},
		{"sentence missing", "Mira O\nOkafor O\nleft O\n", `p.conll: ends after 1 sentences, but g.conll has another one in line 5`},
		{"another sentence", "Mira O\nOkafor O\nleft O\n\nPort O\nVarna O\n\n\nEssa O\n", `p.conll:9: another sentence, but g.conll ends after 2 sentences`},
		{"empty", "", `p.conll: ends after 0 sentences, but g.conll has another one in line 1`},
		{"one column", "Mira\n", `p.conll:1: 1 column, want a token and its tag`},
		{"columns", "Mira O\nOkafor X O\n", `p.conll:2: 3 columns, want 2 as in the first line`},
		{"no tag", "Mira O\nOkafor person\nleft O\n", `p.conll:2: tag "person": prefix outside the scheme IOB2: it has no prefix such as B-`},
		{"not UTF-8", "Mira O\nOka\xff O\n", `p.conll:2: not valid UTF-8`},
		{"scheme", "Mira O\nOkafor S-person\nleft O\n", `p.conll:2: tag "S-person": prefix outside the scheme IOB2`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := files.TagFiles{Gold: stream("g.conll", goldColumns), Pred: stream("p.conll", tc.pred), Scheme: metrics.IOB2, Mode: metrics.Strict}.Eval(t.Context(), files.Options{})
			if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("error is %v, want %s", err, tc.want)
			}
		})
	}
	_, err := files.TagFiles{Gold: stream("g.conll", "Mira B-person\nOkafor ,\nleft person\n"), Pred: stream("p.conll", "Mira O\nOkafor O\nleft O\n"), Scheme: metrics.IOB2, Mode: metrics.Lenient}.Eval(t.Context(), files.Options{})
	if err == nil || !strings.HasPrefix(err.Error(), `g.conll:3: tag "person": prefix outside the scheme IOB2`) {
		t.Errorf("error about gold is %v", err)
	}
}

func TestFormOf(t *testing.T) {
	for _, tc := range []struct {
		text string
		want files.Form
	}{
		{"", files.Empty},
		{"\n \t\r\n", files.Empty},
		{`{"id": "1"}`, files.JSONLines},
		{"\ufeff\n { \"id\": 1}", files.JSONLines},
		{"{}", files.JSONLines},
		{"{ O\n", files.Columns},
		{"Mira B-person\n", files.Columns},
		{"-DOCSTART- O\n", files.Columns},
	} {
		form, same, err := files.FormOf(stream("x", tc.text))
		if err != nil || form != tc.want {
			t.Errorf("%q: form %q, %v, want %q", tc.text, form, err, tc.want)
		}
		var rest strings.Builder
		if _, err := io.Copy(&rest, same.In); err != nil || rest.String() != tc.text {
			t.Errorf("%q: the file has %q behind it, %v", tc.text, rest.String(), err)
		}
	}
	if _, _, err := files.FormOf(files.File{Name: "nosuch.conll"}); err == nil {
		t.Error("a missing file has a form")
	}
}

// repeated is a stream without an end.
type repeated string

func (r repeated) Read(p []byte) (int, error) {
	n := 0
	for n+len(r) <= len(p) {
		n += copy(p[n:], r)
	}
	return n, nil
}

// TestEndlessTagFile: a line or a sentence without an end is an error.
func TestEndlessTagFile(t *testing.T) {
	for text, want := range map[string]string{"endless ": "a line of more than 1048576 bytes", "a O\n": "a sentence of more than 1000000 tokens"} {
		gold := files.File{Name: "g.conll", In: repeated(text)}
		_, err := files.TagFiles{Gold: gold, Pred: gold, Scheme: metrics.IOB2, Mode: metrics.Strict}.Eval(t.Context(), files.Options{Metrics: []string{"span_f1"}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
}
