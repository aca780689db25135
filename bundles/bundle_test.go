package bundles

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"nerbench/ner"
)

// someManifest is a small manifest with one run of each mode. Its answers are those of
// someLines.
func someManifest() *Manifest {
	m := &Manifest{
		Format: Format, Tool: "1.0", Model: Model{Name: "ollama/tiny", Digest: "d1", About: About{Organisation: "Tessel Labs", Training: []string{}}},
		Submitter: Submitter{Name: "Mira"}, Declarations: Declarations{TrainedOn: "none", Configurations: 2},
	}
	for _, r := range []struct {
		dataset string
		mode    Mode
	}{{"open", WithAnswers}, {"shut", WithSpans}} {
		keys := map[string]string{"model": "ollama/tiny", "digest": "d1", "dataset": r.dataset, "split": "test"}
		m.Runs = append(m.Runs, Run{
			ID: ner.Run{Keys: keys}.ID(), Keys: keys, Facts: map[string]string{"device": "CPU"}, Passages: 2, Queries: 2,
			Outcomes: map[ner.Outcome]int{ner.OK: 1, ner.Empty: 1},
			Metrics: []Metric{{
				ID: "span_f1", Signature: "nerbench|metric:span_f1", Total: ner.Score{TP: 1, NPred: 2, NGold: 1},
				ByType: map[ner.EntityType]ner.Score{"person": {TP: 1, NPred: 2, NGold: 1}},
			}},
			Answers: Answers{Mode: r.mode},
		})
	}
	return m
}

func someLines(mode Mode) []*Passage {
	if mode == WithAnswers {
		return []*Passage{
			{Index: 0, Counts: [][3]int{{1, 2, 1}}, Document: "open/test/0", Answers: []Answer{{Types: []ner.EntityType{"person"}, Text: `["Bo", "<b>"]`, Finish: ner.FinishStop}}},
			{Index: 1, Counts: [][3]int{{0, 0, 0}}, Document: "open/test/1", Answers: []Answer{{Types: []ner.EntityType{"person"}, Text: "[]", Thinking: "no"}}},
		}
	}
	return []*Passage{
		{Index: 0, Counts: [][3]int{{1, 2, 1}}, Outcomes: []ner.Outcome{ner.OK}, Spans: []ner.PointSpan{{Start: 0, End: 2, Type: "person"}}, Unaligned: map[ner.EntityType]int{"person": 1}},
		{Index: 1, Counts: [][3]int{{0, 0, 0}}, Outcomes: []ner.Outcome{ner.Empty}},
	}
}

// someKey is an Ed25519 key with a fixed seed.
func someKey(t testing.TB, seed byte) *Key {
	t.Helper()
	signer, err := ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize)))
	if err != nil {
		t.Fatal(err)
	}
	return &Key{signer: signer}
}

// written is the bundle of a manifest with the lines of lines.
func written(t testing.TB, m *Manifest, lines func(Mode) []*Passage, sign func([]byte) ([]byte, error)) []byte {
	t.Helper()
	w, err := NewWriter()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for i := range m.Runs {
		l, err := w.Begin(&m.Runs[i])
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range lines(m.Runs[i].Answers.Mode) {
			if err := l.Add(p); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.End(); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := w.WriteTo(&b, m, sign); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func signedBy(k *Key) func([]byte) ([]byte, error) {
	return func(sums []byte) ([]byte, error) { return k.Sign(sums, Namespace) }
}

// opened writes a file and reads all of it.
func opened(t testing.TB, content []byte) (*Bundle, map[string][]*Passage, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.nbz")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := Open(t.Context(), path)
	if err != nil {
		return nil, nil, err
	}
	t.Cleanup(func() { b.Close() })
	lines, err := readAll(b)
	return b, lines, err
}

func readAll(b *Bundle) (map[string][]*Passage, error) {
	lines := map[string][]*Passage{}
	for i := range b.Manifest.Runs {
		r := &b.Manifest.Runs[i]
		for p, err := range b.Passages(r) {
			if err != nil {
				return lines, err
			}
			lines[r.Dataset()] = append(lines[r.Dataset()], p)
		}
	}
	return lines, nil
}

func TestRoundTrip(t *testing.T) {
	key := someKey(t, 1)
	content := written(t, someManifest(), someLines, signedBy(key))
	if again := written(t, someManifest(), someLines, signedBy(key)); !bytes.Equal(content, again) {
		t.Error("the same content has other bytes")
	}
	b, lines, err := opened(t, content)
	if err != nil {
		t.Fatal(err)
	}
	if b.Signer == nil || *b.Signer != *key.Signer() {
		t.Errorf("signer is %v, want %v", b.Signer, key.Signer())
	}
	want := someManifest()
	for i := range want.Runs {
		want.Runs[i].Answers = b.Manifest.Runs[i].Answers
	}
	if fmt.Sprintf("%+v", b.Manifest) != fmt.Sprintf("%+v", want) {
		t.Errorf("manifest is %+v, want %+v", b.Manifest, want)
	}
	for _, r := range want.Runs {
		if got := lines[r.Dataset()]; fmt.Sprintf("%+v", deref(got)) != fmt.Sprintf("%+v", deref(someLines(r.Answers.Mode))) {
			t.Errorf("%s: lines are %+v", r.Dataset(), deref(got))
		}
	}
	if r := b.Run("shut"); r == nil || r.Dataset() != "shut" || b.Run("nosuch") != nil {
		t.Errorf("run of shut is %v", r)
	}
	unsigned, _, err := opened(t, written(t, someManifest(), someLines, nil))
	if err != nil || unsigned.Signer != nil || unsigned.Digest != b.Digest {
		t.Errorf("not signed: signer %v, digest %s, want %s; %v", unsigned.Signer, unsigned.Digest, b.Digest, err)
	}
}

// TestOlderBundle: a bundle that was written by another version of the program, and of
// the libraries that it links, is read.
func TestOlderBundle(t *testing.T) {
	content, err := os.ReadFile("testdata/format1.nbz")
	if err != nil {
		t.Fatal(err)
	}
	b, lines, err := opened(t, content)
	if err != nil || b.Signer == nil || *b.Signer != *someKey(t, 1).Signer() || len(lines["open"]) != 2 || len(lines["shut"]) != 2 {
		t.Errorf("lines are %v, %v", lines, err)
	}
}

func deref(list []*Passage) (out []Passage) {
	for _, p := range list {
		out = append(out, *p)
	}
	return out
}

// TestEveryChangedByteIsRefused changes each byte of a small bundle in several ways.
func TestEveryChangedByteIsRefused(t *testing.T) {
	content := written(t, someManifest(), someLines, signedBy(someKey(t, 1)))
	unsigned := written(t, someManifest(), someLines, nil)
	path := filepath.Join(t.TempDir(), "x.nbz")
	read := func() bool {
		b, err := Open(t.Context(), path)
		if err != nil {
			return true
		}
		defer b.Close()
		_, err = readAll(b)
		return err != nil
	}
	refused := func(changed []byte) bool {
		if err := os.WriteFile(path, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		return read()
	}
	for _, whole := range [][]byte{content, unsigned} {
		if refused(whole) {
			t.Fatal("the bundle itself is refused")
		}
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		for i := range whole {
			for _, mask := range []byte{0x01, 0xFF, '\n' ^ '\t'} {
				if _, err := file.WriteAt([]byte{whole[i] ^ mask}, int64(i)); err != nil {
					t.Fatal(err)
				}
				if !read() {
					t.Errorf("byte %d: a change by %#x is accepted", i, mask)
				}
			}
			if _, err := file.WriteAt(whole[i:i+1], int64(i)); err != nil {
				t.Fatal(err)
			}
		}
		for name, changed := range map[string][]byte{
			"shorter": whole[:len(whole)-1], "longer": append(bytes.Clone(whole), 0), "bytes before": append([]byte("PK"), whole...), "empty": nil,
			"half": whole[:len(whole)/2], "twice": append(bytes.Clone(whole), whole...),
		} {
			if !refused(changed) {
				t.Errorf("%s: is accepted", name)
			}
		}
	}
}

// TestLies: a bundle that is written and signed as it should be, but whose content
// contradicts itself, is refused with the reason.
func TestLies(t *testing.T) {
	type change = func(*Manifest)
	first := func(f func(*Run)) change { return func(m *Manifest) { f(&m.Runs[0]) } }
	rekey := func(name, value string) change {
		return func(m *Manifest) {
			for i := range m.Runs {
				m.Runs[i].Keys[name] = value
				m.Runs[i].ID = ner.Run{Keys: m.Runs[i].Keys}.ID()
			}
		}
	}
	for _, tc := range []struct {
		name, want string
		change     change
	}{
		{"format", "format 2, written by nerbench 1.0; this version reads format 1: a newer version is needed", func(m *Manifest) { m.Format = 2 }},
		{"format 0", "format 0: unknown", func(m *Manifest) { m.Format = 0 }},
		{"tool", "tool: is missing", func(m *Manifest) { m.Tool = "" }},
		{"model", `it is of model "ollama/tiny" with digest "d1", the bundle is of "ollama/big"`, func(m *Manifest) { m.Model.Name = "ollama/big" }},
		{"digest", `the bundle is of "ollama/tiny" with "d2"`, func(m *Manifest) { m.Model.Digest = "d2" }},
		{"no model", "model: name: is missing", func(m *Manifest) { m.Model.Name = "" }},
		{"trained on", `trained_on "all": want one of none, train, test`, func(m *Manifest) { m.Declarations.TrainedOn = "all" }},
		{"configurations", "configurations -1", func(m *Manifest) { m.Declarations.Configurations = -1 }},
		{"a page that is a script", `model: url "javascript:alert(1)": want an address`, func(m *Manifest) { m.Model.URL = "javascript:alert(1)" }},
		{"no date", `model: released "soon": want 2006`, func(m *Manifest) { m.Model.Released = "soon" }},
		{"no runs", "runs: there is none", func(m *Manifest) { m.Runs = runList{} }},
		{"twice the dataset", "want one run for each dataset", func(m *Manifest) { m.Runs = append(m.Runs, m.Runs[1]) }},
		{"id", "its keys are those of run", first(func(r *Run) { r.ID = "0123456789abcdef" })},
		{"unknown key", `key "modle": unknown`, rekey("modle", "x")},
		{"key of another version", `key "row": unknown, it is now "dataset"`, rekey("row", "x")},
		{"value of a key", "temperature=hot", rekey("temperature", "hot")},
		{"empty value", "key split: want a value", rekey("split", "")},
		{"long value", "key variant: want a value of at most 4096 bytes", rekey("variant", strings.Repeat("x", 5000))},
		{"dataset outside", `dataset: "../x": refused: the name points outside`, first(func(r *Run) { r.Keys["dataset"] = "../x"; r.ID = ner.Run{Keys: r.Keys}.ID() })},
		{"fact", `fact "secret": unknown`, first(func(r *Run) { r.Facts["secret"] = "x" })},
		{"passages", "2 passages, the manifest has 3", first(func(r *Run) { r.Passages = 3 })},
		{"no passages", "0 passages with 2 queries", first(func(r *Run) { r.Passages = 0 })},
		{"queries", "2 queries, the manifest has 3", first(func(r *Run) { r.Queries = 3 })},
		{"outcomes", "3 outcomes of 2 queries", first(func(r *Run) { r.Outcomes[ner.OK] = 2 })},
		{"unknown outcome", `outcome "fine": 1`, first(func(r *Run) { r.Outcomes = map[ner.Outcome]int{"fine": 1} })},
		{"outcomes of spans", "the outcomes of its queries are empty 1, ok 1, the manifest has ok 2", func(m *Manifest) { m.Runs[1].Outcomes = map[ner.Outcome]int{ner.OK: 2} }},
		{"total", "the counts of its types add up to {1 2 1}, its total is {2 2 2}", first(func(r *Run) { r.Metrics[0].Total = ner.Score{TP: 2, NPred: 2, NGold: 2} })},
		{"total and types", "the counts of its passages add up to {1 2 1}, the manifest has {1 1 1}", first(func(r *Run) {
			r.Metrics[0].Total = ner.Score{TP: 1, NPred: 1, NGold: 1}
			r.Metrics[0].ByType = map[ner.EntityType]ner.Score{"person": r.Metrics[0].Total}
		})},
		{"impossible counts", "tp 9, predicted 2, gold 1: not possible", first(func(r *Run) { r.Metrics[0].ByType["person"] = ner.Score{TP: 9, NPred: 2, NGold: 1} })},
		{"metric twice", "want each once", first(func(r *Run) { r.Metrics = append(r.Metrics, r.Metrics[0]) })},
		{"no metric", "0 metrics", first(func(r *Run) { r.Metrics = nil })},
		{"mode", `mode "all": unknown`, first(func(r *Run) { r.Answers.Mode = "all" })},
		{"other mode", "want no id and no answers", first(func(r *Run) { r.Answers.Mode = WithSpans })},
		{"bytes", "bytes or more, the manifest has", first(func(r *Run) { r.Answers.Bytes += 5 })},
		{"fewer bytes", "has no end", first(func(r *Run) { r.Answers.Bytes -= 5 })},
		{"too many bytes", "more than 200 times its size", first(func(r *Run) { r.Answers.Bytes = 1 << 30 })},
		{"far too many bytes", "bytes: want 1 to", first(func(r *Run) { r.Answers.Bytes = 1 << 40 })},
		{"checksum", "another checksum than in the manifest", first(func(r *Run) { r.Answers.SHA256 = strings.Repeat("0", 64) })},
		{"no checksum", "want 64 hexadecimal digits", first(func(r *Run) { r.Answers.SHA256 = "x" })},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, _, err := opened(t, lying(t, tc.change))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v, want %q", err, tc.want)
			}
		})
	}
}

// lying is a signed bundle whose manifest was changed before it was written, without the
// checks of the writer.
func lying(t testing.TB, change func(*Manifest)) []byte {
	t.Helper()
	m := someManifest()
	members := membersOf(t, written(t, m, someLines, nil))
	change(m)
	manifest, err := encodeManifest(m)
	if err != nil {
		t.Fatal(err)
	}
	return packed(t, manifest, members[1:len(members)-1])
}

// packed is a signed bundle with a manifest and members with answers.
func packed(t testing.TB, manifest []byte, answers []member) []byte {
	t.Helper()
	members := append([]member{newMember(manifestName, manifest)}, answers...)
	var sums []sum
	for _, m := range members {
		sums = append(sums, sum{m.name, sha256Of(t, m)})
	}
	text := encodeSums(sums)
	signature, err := someKey(t, 1).Sign(text, Namespace)
	if err != nil {
		t.Fatal(err)
	}
	return zipped(t, append(members, newMember(sumsName, text), newMember(signatureName, signature)))
}

func TestManifestHasOneForm(t *testing.T) {
	m := someManifest()
	members := membersOf(t, written(t, m, someLines, nil))
	manifest := string(contentOf(t, members[0]))
	deep := strings.Repeat("[", 20) + strings.Repeat("]", 20)
	for _, tc := range []struct{ name, old, new, want string }{
		{"unknown member", `"tool"`, `"more": 1, "tool"`, `unknown field "more"`},
		{"twice", `"tool": "1.0"`, `"tool": "2.0", "tool": "1.0"`, "not in the form that nerbench writes"},
		{"another case", `"tool"`, `"Tool"`, "not in the form that nerbench writes"},
		{"blanks", `"tool": `, `"tool":  `, "not in the form that nerbench writes"},
		{"not UTF-8", "Mira", "M\xffra", "not in the form that nerbench writes"},
		{"not JSON", "{", "[", "invalid character"},
		{"deep", `"tool": "1.0"`, `"tool": ` + deep, "nested more than 16 levels deep"},
		{"end", "\n}\n", "\n}\n{}", "not in the form that nerbench writes"},
		{"members of a newer format", `"format": 1,`, `"format": 7, "more": {},`, "format 7, written by nerbench 1.0"},
		{"many runs", `"runs": [`, `"runs": [` + strings.Repeat("{},", 1_000_000), "runs: more than 1000"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			changed := strings.Replace(manifest, tc.old, tc.new, 1)
			_, _, err := opened(t, packed(t, []byte(changed), members[1:len(members)-1]))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %.200v, want %q", err, tc.want)
			}
		})
	}
}

func TestLinesHaveOneForm(t *testing.T) {
	for _, tc := range []struct {
		name, want string
		mode       Mode
		change     func(string) string
	}{
		{"other place", "passage 1: want passage 0", WithAnswers, func(s string) string { return strings.Replace(s, `"i":0`, `"i":1`, 1) }},
		{"blank line", "unexpected end of JSON input", WithAnswers, func(s string) string { return "\n" + s }},
		{"a member more", "not in the form that nerbench writes", WithAnswers, func(s string) string { return strings.Replace(s, `"i":0`, `"i":0,"text":"x"`, 1) }},
		{"counts of more metrics", "counts of 2 metrics, want 1", WithAnswers, func(s string) string { return strings.Replace(s, `[[`, `[[0,0,0],[`, 1) }},
		{"impossible counts", "metric span_f1: tp 3, predicted 2, gold 1: not possible", WithAnswers, func(s string) string { return strings.Replace(s, `[[1,`, `[[3,`, 1) }},
		{"answers without types", "answer 0: want its types", WithAnswers, func(s string) string { return strings.Replace(s, `["person"]`, `[]`, 1) }},
		{"spans with answers", "want the id of the document and answers", WithAnswers, func(s string) string {
			return strings.Replace(s, `"id":`, `"spans":[{"start":0,"end":1,"type":"x"}],"id":`, 1)
		}},
		{"last line without end", "has no end", WithAnswers, func(s string) string { return strings.TrimSuffix(s, "\n") }},
		{"deep", "nested more than 16 levels deep", WithAnswers, func(s string) string { return strings.Repeat("[", 17) + s }},
		{"answers with spans", "want no id and no answers", WithSpans, func(s string) string { return strings.Replace(s, `"outcomes"`, `"id":"x","outcomes"`, 1) }},
		{"empty span", "span 0: want start < end", WithSpans, func(s string) string { return strings.Replace(s, `"end":2`, `"end":0`, 1) }},
		{"span twice", "span 1: want start < end, and distinct spans in order", WithSpans, func(s string) string {
			return strings.Replace(s, `"spans":[`, `"spans":[{"start":0,"end":2,"type":"person"},`, 1)
		}},
		{"unknown outcome", `outcome "fine": unknown`, WithSpans, func(s string) string { return strings.Replace(s, `"ok"`, `"fine"`, 1) }},
		{"less than no unaligned", "-1 unaligned mentions", WithSpans, func(s string) string { return strings.Replace(s, `"person":1`, `"person":-1`, 1) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := someManifest()
			members := membersOf(t, written(t, m, someLines, nil))
			at := 0
			if tc.mode == WithSpans {
				at = 1
			}
			r := &m.Runs[at]
			text := tc.change(unpackedLines(t, contentOf(t, members[1+at])))
			answers := members[1 : len(members)-1]
			answers[at] = newMember(answers[at].name, compressed(t, text))
			r.Answers.Bytes, r.Answers.SHA256 = int64(len(text)), sha256Of(t, newMember("", []byte(text)))
			manifest, err := encodeManifest(m)
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = opened(t, packed(t, manifest, answers))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v, want %q", err, tc.want)
			}
		})
	}
}

// TestWriterRefuses: what a reader would refuse is not written.
func TestWriterRefuses(t *testing.T) {
	w, err := NewWriter()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	m := someManifest()
	l, err := w.Begin(&m.Runs[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Add(&Passage{Index: 1}); err == nil || !strings.Contains(err.Error(), "want passage 0") {
		t.Errorf("another passage: %v", err)
	}
	if err := l.Add(&Passage{Counts: [][3]int{{0, 0, 0}}, Document: "d", Answers: []Answer{{Types: []ner.EntityType{"x"}, Text: strings.Repeat("x", maxLine)}}}); err == nil {
		t.Error("a line of more bytes than a reader takes is written")
	}
	failed := errors.New("no key")
	if err := w.WriteTo(&bytes.Buffer{}, someManifestWithSums(), func([]byte) ([]byte, error) { return nil, failed }); !errors.Is(err, failed) {
		t.Errorf("error of the signature: %v", err)
	}
}

// someManifestWithSums is a manifest that passes its check.
func someManifestWithSums() *Manifest {
	m := someManifest()
	for i := range m.Runs {
		m.Runs[i].Answers.SHA256, m.Runs[i].Answers.Bytes = strings.Repeat("0", 64), 1
	}
	return m
}
