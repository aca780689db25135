package submissions

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nerbench/bundles"
	"nerbench/datasets"
	"nerbench/harness"
	"nerbench/internal/fault"
	"nerbench/internal/reference"
	"nerbench/ner"
	"nerbench/results"
	"nerbench/runners/vllm/vllmtest"
)

var tiny = ner.Plan{Model: "vllm/tiny"}

var testOptions = harness.LoaderOptions(ner.Plan{Split: ner.Test})

// verdicts are the verdicts of a report, by dataset and metric.
func verdicts(r Report) map[string]Verdict {
	out := map[string]Verdict{}
	for _, run := range r.Runs {
		for _, m := range run.Metrics {
			out[run.Dataset+" "+m.ID] = m.Verdict
		}
	}
	return out
}

// TestRoundTrip: runs of a model become a bundle, whose scores are computed again with
// the data: all of them where the text may be shown, else those on spans.
func TestRoundTrip(t *testing.T) {
	w := newWorkplace(t)
	runs := w.run(t, tiny, "open", "shut", "sample-general")
	if _, err := w.Score(t.Context(), runs, []string{"semeval_type_f1", "gner_f1", "span_f1[align=first]"}); err != nil {
		t.Fatal(err)
	}
	path := w.bundle(t, "x.nbz", runs...)
	report, err := Verify(t.Context(), w.Bench, path)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]Verdict{}
	for _, id := range []string{"span_f1", "uniner_f1", "uniner_f1_lenient", "semeval_type_f1", "gner_f1[reader=ladder]", "span_f1[align=first]"} {
		want["open "+id], want["sample-general "+id], want["shut "+id] = Verified, Verified, Claimed
	}
	want["shut span_f1"], want["shut semeval_type_f1"] = Verified, Verified
	if got := verdicts(report); !maps.Equal(got, want) {
		t.Errorf("verdicts are %v, want %v", got, want)
	}
	if s := report.Signer; s == nil || *s != *w.key(t).Signer() {
		t.Errorf("signer is %v", s)
	}
	f1 := 0.0
	for _, m := range report.Runs[0].Metrics {
		if m.ID == "span_f1" && m.F1 != nil {
			f1 = *m.F1
		}
	}
	if f1 < 0.3 || f1 > 0.9 {
		t.Errorf("F1 is %v: the answers of the fixture should be partly right", f1)
	}
	again := w.bundle(t, "y.nbz", backward(runs)...)
	one, _ := os.ReadFile(path)
	other, _ := os.ReadFile(again)
	if !bytes.Equal(one, other) || len(one) == 0 {
		t.Error("the same runs give other bytes")
	}
}

// TestBundleOfTagger: spans that a model in the process predicts, on both kinds of data.
func TestBundleOfTagger(t *testing.T) {
	w := newWorkplace(t)
	path := w.bundle(t, "x.nbz", w.run(t, ner.Plan{Model: "tagger"}, "open", "shut", "sample-biomed")...)
	report, err := Verify(t.Context(), w.Bench, path)
	if err != nil {
		t.Fatal(err)
	}
	if got := verdicts(report); got["open uniner_f1"] != Verified || got["shut span_f1"] != Verified || got["shut uniner_f1"] != Claimed || got["sample-biomed span_f1"] != Verified {
		t.Errorf("verdicts are %v", got)
	}
}

// TestNothingPrivate: a bundle has no address of a server, no path, no name of the
// machine, and no words of texts that may not be shown.
func TestNothingPrivate(t *testing.T) {
	w := newWorkplace(t)
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	w.server.Intercept = refuseOne(w.server.URL)
	path := w.bundle(t, "x.nbz", w.run(t, tiny, "open", "shut")...)
	if _, err := Verify(t.Context(), w.Bench, path); err != nil {
		t.Error(err)
	}
	m, lines := content(t, path)
	all := unpacked(t, m, lines)
	for _, word := range []string{w.server.URL, strings.TrimPrefix(w.server.URL, "http://"), "127.0.0.1", "localhost", "/home/", w.dir, host, "mira", "workstation", "Žofie0 Novákova feeds"} {
		if strings.Contains(all, word) {
			t.Errorf("the bundle has %q", word)
		}
	}
	if r := m.Runs[0]; !strings.HasPrefix(r.Keys["address"], "sha256:") || !strings.HasPrefix(r.Keys["root"], "sha256:") {
		t.Errorf("address is %q, root is %q", r.Keys["address"], r.Keys["root"])
	}
	refused := 0
	for _, p := range lines["open"] {
		for _, a := range p.Answers {
			if a.Finish == ner.FinishRefused && a.Text == "" {
				refused++
			}
		}
	}
	if refused == 0 {
		t.Error("no query was refused: the test does not test what it should")
	}
	text := unpacked(t, m, map[string][]*bundles.Passage{"shut": lines["shut"]})
	checkRuns(t, text, zooTexts(t, w, "shut"), "")
}

// refuseOne refuses the prompts of one passage, with the address of the server.
func refuseOne(url string) func(http.ResponseWriter, string, *vllmtest.Request) bool {
	return func(out http.ResponseWriter, _ string, q *vllmtest.Request) bool {
		for _, p := range q.Prompts() {
			if strings.Contains(p, "Žofie8 ") {
				vllmtest.Refuse(out, 400, "The response was filtered by "+url+" due to the prompt triggering the content management policy.")
				return true
			}
		}
		return false
	}
}

func unpacked(t testing.TB, m *bundles.Manifest, lines map[string][]*bundles.Passage) string {
	t.Helper()
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(m); err != nil {
		t.Fatal(err)
	}
	for _, list := range lines {
		for _, p := range list {
			if err := encoder.Encode(p); err != nil {
				t.Fatal(err)
			}
		}
	}
	return b.String()
}

func zooTexts(t testing.TB, w *workplace, id string) []string {
	t.Helper()
	dataset, err := w.FindDataset(id)
	if err != nil {
		t.Fatal(err)
	}
	return textsOf(t, w.Bench, dataset, 0)
}

func textsOf(t testing.TB, b *harness.Bench, dataset *datasets.Dataset, limit int) (texts []string) {
	t.Helper()
	docs, err := b.Documents(t.Context(), dataset, testOptions)
	if err != nil {
		t.Fatal(err)
	}
	for d, err := range docs {
		if err != nil {
			t.Fatal(err)
		}
		if limit > 0 && len(texts) == limit {
			break
		}
		texts = append(texts, d.Text)
	}
	return texts
}

// checkRuns demands that content has no run of 8 characters of the texts, unless it is
// part of allowed, which has the words of the program and the names of the types.
func checkRuns(t testing.TB, content string, texts []string, allowed string) {
	t.Helper()
	const length = 8
	runsOf := func(s string) map[string]bool {
		runs := map[string]bool{}
		r := []rune(s)
		for i := range len(r) - length + 1 {
			runs[string(r[i:i+length])] = true
		}
		return runs
	}
	there, fine := runsOf(content), runsOf(allowed)
	checked := 0
	for _, text := range texts {
		for run := range runsOf(text) {
			if checked++; there[run] && !fine[run] {
				t.Errorf("the bundle has %q, which is part of a passage", run)
			}
		}
	}
	if checked < 100 {
		t.Errorf("only %d runs of characters were checked", checked)
	}
}

// TestLies: bundles that are signed and consistent in themselves, but not true.
func TestLies(t *testing.T) {
	w := newWorkplace(t)
	path := w.bundle(t, "x.nbz", w.run(t, tiny, "open", "shut")...)
	rekey := func(r *bundles.Run, name, value string) {
		r.Keys[name] = value
		r.ID = ner.Run{Keys: r.Keys}.ID()
		resign(t, r)
	}
	const open, shut = 0, 1
	whole, _ := content(t, path)
	for _, tc := range []struct {
		name, want string
		data       bool // the error is about data
		change     func(m *bundles.Manifest, lines map[string][]*bundles.Passage)
	}{
		{"an answer", `span_f1, uniner_f1, uniner_f1_lenient: not as claimed`, false, func(m *bundles.Manifest, lines map[string][]*bundles.Passage) {
			lines["open"][0].Answers[0].Text = "[]"
			m.Runs[open].Outcomes[ner.OK]--
			m.Runs[open].Outcomes[ner.Empty]++
		}},
		{"an outcome", "the outcomes of its queries are", false, func(m *bundles.Manifest, _ map[string][]*bundles.Passage) {
			m.Runs[open].Outcomes[ner.OK]++
			m.Runs[open].Outcomes[ner.Empty]--
		}},
		{"counts", "span_f1: not as claimed", false, func(m *bundles.Manifest, lines map[string][]*bundles.Passage) {
			raise(t, &m.Runs[open], lines["open"][3], 0)
		}},
		{"counts of spans", "span_f1: not as claimed", false, func(m *bundles.Manifest, lines map[string][]*bundles.Passage) {
			raise(t, &m.Runs[shut], lines["shut"][3], 0)
		}},
		{"counts by type", "span_f1: not as claimed", false, func(m *bundles.Manifest, _ map[string][]*bundles.Passage) {
			by := m.Runs[open].Metrics[0].ByType
			by["keeper"], by["beast"] = by["beast"], by["keeper"]
		}},
		{"a span", "span_f1: not as claimed", false, func(_ *bundles.Manifest, lines map[string][]*bundles.Passage) {
			lines["shut"][0].Spans[0].Type = "beast"
		}},
		{"a span outside", "passage 0: offset 999: outside the text", false, func(_ *bundles.Manifest, lines map[string][]*bundles.Passage) {
			lines["shut"][0].Spans[0] = ner.PointSpan{Start: 0, End: 999, Type: "keeper"}
			lines["shut"][0].Spans = lines["shut"][0].Spans[:1]
		}},
		{"a type that is text", `a span of type "Žofie", which the dataset does not have`, false, func(_ *bundles.Manifest, lines map[string][]*bundles.Passage) {
			lines["shut"][0].Spans[0].Type = "Žofie"
		}},
		{"a mention that is text", `a mention of type "Žofie", which the dataset does not have`, false, func(_ *bundles.Manifest, lines map[string][]*bundles.Passage) {
			lines["shut"][5].Unaligned = map[ner.EntityType]int{"Žofie": 1}
		}},
		{"passages left out", "29 passages, the data has 30", false, func(m *bundles.Manifest, lines map[string][]*bundles.Passage) {
			lines["open"] = dropLast(t, &m.Runs[open], lines["open"])
		}},
		{"passages of spans left out", "29 passages, the data has 30", false, func(m *bundles.Manifest, lines map[string][]*bundles.Passage) {
			lines["shut"] = dropLast(t, &m.Runs[shut], lines["shut"])
		}},
		{"a type not asked", `passage 1, document "open/test/1": type "beast" was not asked`, false, func(m *bundles.Manifest, lines map[string][]*bundles.Passage) {
			lines["open"][1].Answers = lines["open"][1].Answers[:1]
			m.Runs[open].Queries--
			m.Runs[open].Outcomes[ner.OK]--
		}},
		{"a type asked twice", `type "keeper" is asked twice`, false, func(_ *bundles.Manifest, lines map[string][]*bundles.Passage) {
			lines["open"][1].Answers[1].Types = []ner.EntityType{"keeper"}
		}},
		{"another document", `the answers are about document "open/test/7", the data has "open/test/2"`, false, func(_ *bundles.Manifest, lines map[string][]*bundles.Passage) {
			lines["open"][2].Document = "open/test/7"
		}},
		{"a signature line", "metric span_f1: its signature line is not that of the run and its counts", false, func(m *bundles.Manifest, _ map[string][]*bundles.Passage) {
			m.Runs[open].Metrics[0].Signature = strings.Replace(m.Runs[open].Metrics[0].Signature, "split:test", "split:dev", 1)
		}},
		{"no signature line", "metric span_f1: signature: field", false, func(m *bundles.Manifest, _ map[string][]*bundles.Passage) {
			m.Runs[open].Metrics[0].Signature = "span_f1"
		}},
		{"answers of private text", "the text of the dataset may not be shown", false, func(m *bundles.Manifest, lines map[string][]*bundles.Passage) {
			rekey(&m.Runs[open], "dataset", "shut")
			m.Runs, lines["shut"] = m.Runs[:1], lines["open"]
		}},
		{"other data", "1 of 1 runs were not scored again", true, func(m *bundles.Manifest, _ map[string][]*bundles.Passage) {
			rekey(&m.Runs[open], "data", "0123456789abcdef")
		}},
		{"other labels", "1 of 1 runs were not scored again", true, func(m *bundles.Manifest, _ map[string][]*bundles.Passage) {
			rekey(&m.Runs[open], "labels", "0123456789abcdef")
		}},
		{"an unknown dataset", "1 of 1 runs were not scored again", true, func(m *bundles.Manifest, lines map[string][]*bundles.Passage) {
			rekey(&m.Runs[open], "dataset", "nosuch")
			lines["nosuch"] = lines["open"]
		}},
		{"thinking marks", "thinking_marks: ", false, func(m *bundles.Manifest, _ map[string][]*bundles.Passage) {
			m.Runs[open].Facts["thinking_marks"] = "x"
		}},
		{"a limit", "30 passages, the data has 10", false, func(m *bundles.Manifest, _ map[string][]*bundles.Passage) {
			rekey(&m.Runs[open], "limit", "10")
		}},
		{"an unknown family", "nosuch", false, func(m *bundles.Manifest, _ map[string][]*bundles.Passage) {
			rekey(&m.Runs[open], "family", "nosuch")
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			one := func(m *bundles.Manifest, lines map[string][]*bundles.Passage) { // leave the honest run out, which takes time
				if tc.change(m, lines); len(m.Runs) == 2 {
					_, honest := content(t, path)
					for i, r := range m.Runs {
						if reflect.DeepEqual(&r, &whole.Runs[i]) && reflect.DeepEqual(lines[r.Dataset()], honest[r.Dataset()]) {
							m.Runs = append(m.Runs[:i], m.Runs[i+1:]...)
							break
						}
					}
				}
			}
			_, err := Verify(t.Context(), w.Bench, w.rewritten(t, path, one))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("error is %v, want %q", err, tc.want)
			}
			if got := errors.As(err, new(*fault.DataError)); got != tc.data {
				t.Errorf("error about data: %v, want %v (%v)", got, tc.data, err)
			}
		})
	}
}

// resign writes the signature lines of a run again.
func resign(t testing.TB, r *bundles.Run) {
	t.Helper()
	for i, m := range r.Metrics {
		s, err := results.ParseSignature(m.Signature)
		if err != nil {
			t.Fatal(err)
		}
		s.Keys, s.Score, s.Passages, s.Complete = r.Keys, m.Total, r.Passages, r.Passages
		r.Metrics[i].Signature = s.String()
	}
}

// raise adds a hit to the counts of a metric, in a line and in the manifest.
func raise(t testing.TB, r *bundles.Run, p *bundles.Passage, metric int) {
	t.Helper()
	hit := ner.Score{TP: 1, NPred: 1, NGold: 1}
	for i := range 3 {
		p.Counts[metric][i]++
	}
	m := &r.Metrics[metric]
	m.Total, m.ByType["keeper"] = m.Total.Add(hit), m.ByType["keeper"].Add(hit)
	resign(t, r)
}

// dropLast leaves out the last passage, as if there were none.
func dropLast(t testing.TB, r *bundles.Run, lines []*bundles.Passage) []*bundles.Passage {
	t.Helper()
	last := lines[len(lines)-1]
	minus := func(a, b ner.Score) ner.Score {
		return ner.Score{TP: a.TP - b.TP, NPred: a.NPred - b.NPred, NGold: a.NGold - b.NGold}
	}
	r.Passages--
	r.Queries -= last.Queries()
	for _, o := range last.Outcomes {
		r.Outcomes[o]--
	}
	if last.Outcomes == nil {
		r.Outcomes[ner.OK] -= 2
	}
	for i, s := range last.Scores() {
		m := &r.Metrics[i]
		m.Total = minus(m.Total, s)
		m.ByType = map[ner.EntityType]ner.Score{"keeper": m.Total}
	}
	resign(t, r)
	return lines[:len(lines)-1]
}

// TestWithoutData: what can be checked without the data is checked, and listed.
func TestWithoutData(t *testing.T) {
	w := newWorkplace(t)
	path := w.bundle(t, "x.nbz", w.run(t, tiny, "open", "sample-law")...)
	if err := os.RemoveAll(w.Data); err != nil {
		t.Fatal(err)
	}
	report, err := Verify(t.Context(), w.Bench, path)
	if !errors.As(err, new(*fault.DataError)) || !strings.Contains(err.Error(), "1 of 2 runs were not scored again") {
		t.Fatalf("error is %v", err)
	}
	if got := verdicts(report); got["open span_f1"] != Unchecked || got["sample-law span_f1"] != Verified || report.Runs[0].Unchecked == "" {
		t.Errorf("verdicts are %v", got)
	}
	lie := w.rewritten(t, path, func(m *bundles.Manifest, _ map[string][]*bundles.Passage) {
		m.Runs[0].Metrics[0].Signature = m.Runs[0].Metrics[1].Signature
	})
	if _, err := Verify(t.Context(), w.Bench, lie); err == nil || errors.As(err, new(*fault.DataError)) {
		t.Errorf("a wrong signature line without data: error is %v", err)
	}
}

// TestRealDatasets: bundles of real datasets, of which one may be shown.
func TestRealDatasets(t *testing.T) {
	b := &harness.Bench{Data: reference.Path(t, "data"), Store: filepath.Join(t.TempDir(), "results.db")}
	w := &workplace{Bench: b, dir: t.TempDir()}
	const limit = 40
	for _, quiet := range []bool{true, false} {
		w.server = vllmtest.New(t, func(f *vllmtest.Fake) {
			f.Answer = func(prompt string) string {
				_, text, _ := strings.Cut(prompt, "Text: ")
				words := strings.Fields(text)
				if quiet || len(words) < 6 {
					return "[]"
				}
				return ner.JSONList([]string{words[0], strings.Join(words[2:4], " "), "not in the text"}, ", ")
			}
		})
		plan := tiny
		plan.Limit = limit
		name := fmt.Sprintf("%v.nbz", quiet)
		report, err := Verify(t.Context(), b, w.bundle(t, name, w.run(t, plan, "crossner-ai", "broad-tweet-corpus")...))
		if err != nil {
			t.Fatal(err)
		}
		got := verdicts(report)
		if got["crossner-ai uniner_f1"] != Verified || got["broad-tweet-corpus span_f1"] != Verified || got["broad-tweet-corpus uniner_f1"] != Claimed {
			t.Errorf("verdicts are %v", got)
		}
		for _, r := range report.Runs {
			if r.Data != DataRecorded {
				t.Errorf("%s: data is %s", r.Dataset, r.Data)
			}
		}
		b.Store = filepath.Join(t.TempDir(), "results.db")
	}
	dataset, err := b.FindDataset("broad-tweet-corpus")
	if err != nil {
		t.Fatal(err)
	}
	if dataset.MayShow(datasets.PublishText) {
		t.Fatal("the text may be shown now: choose another dataset")
	}
	// The bundle of a model that answers nothing has the words of the program and the types.
	m, lines := content(t, filepath.Join(w.dir, "true.nbz"))
	allowed := unpacked(t, m, map[string][]*bundles.Passage{"x": lines["broad-tweet-corpus"]})
	m, lines = content(t, filepath.Join(w.dir, "false.nbz"))
	spans := 0
	for _, p := range lines["broad-tweet-corpus"] {
		spans += len(p.Spans)
	}
	if spans < limit {
		t.Errorf("only %d spans: the fixture should predict some", spans)
	}
	checkRuns(t, unpacked(t, m, map[string][]*bundles.Passage{"x": lines["broad-tweet-corpus"]}), textsOf(t, b, dataset, limit), allowed)
}

// TestVerifyStops ends with its context.
func TestVerifyStops(t *testing.T) {
	w := newWorkplace(t)
	path := w.bundle(t, "x.nbz", w.run(t, tiny, "open")...)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Verify(ctx, w.Bench, path); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}

func backward(list []string) []string {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}

// TestHostileNames: a name of a model that is a path or markup is a name. It becomes no
// name of a file, and verify has nothing to write.
func TestHostileNames(t *testing.T) {
	w := newWorkplace(t)
	path := w.bundle(t, "x.nbz", w.run(t, tiny, "open")...)
	before := files(t, w.dir)
	for _, name := range []string{"</script>", "../../x", "a\u202Eb", "x\ny"} {
		lie := w.rewritten(t, path, func(m *bundles.Manifest, _ map[string][]*bundles.Passage) {
			m.Model.Name = name
			m.Runs[0].Keys["model"] = name
			m.Runs[0].ID = ner.Run{Keys: m.Runs[0].Keys}.ID()
			resign(t, &m.Runs[0])
		})
		report, err := Verify(t.Context(), w.Bench, lie)
		if err != nil || report.Model.Name != name {
			t.Errorf("%q: verified %+v, %v", name, report.Model, err)
		}
		if file := FileName(name); strings.ContainsAny(file, `/\<>`) {
			t.Errorf("%q: the file is %q", name, file)
		}
		if err := os.Remove(lie); err != nil {
			t.Fatal(err)
		}
	}
	if after := files(t, w.dir); !slices.Equal(before, after) {
		t.Errorf("files are %q, before %q", after, before)
	}
}

func files(t testing.TB, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		names = append(names, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestVerifyMemory: the memory in use does not grow with the passages. It counts objects,
// because the window of the compression is one that grows up to its limit.
func TestVerifyMemory(t *testing.T) {
	live := func(dataset string, passages int) int64 {
		w := newWorkplace(t)
		w.write(t, "data/"+dataset+"/test.txt", zoo(passages))
		path := w.bundle(t, "x.nbz", w.run(t, tiny, dataset)...)
		w.server.Forget()
		before := objects()
		ctx := &pausing{Context: t.Context(), at: int64(2*passages - 10)} // it reads the dataset twice
		if _, err := Verify(ctx, w.Bench, path); err != nil {
			t.Fatal(err)
		}
		if ctx.used == 0 {
			t.Fatal("no memory was measured")
		}
		return ctx.used - before
	}
	// A line that stays is at least five objects.
	const few, many, bound = 200, 1800, 1000
	for _, dataset := range []string{"open", "shut"} {
		if small, large := live(dataset, few), live(dataset, many); large > small+bound {
			t.Errorf("%s: %d objects in use with %d passages, %d with %d", dataset, small, few, large, many)
		}
	}
}

// pausing is a context that measures the memory when it is asked a number of times whether
// it is done. Loaders ask once for each document.
type pausing struct {
	context.Context
	at, asked, used int64
}

func (p *pausing) Err() error {
	if atomic.AddInt64(&p.asked, 1) == p.at {
		p.used = objects()
	}
	return p.Context.Err()
}

// objects is the number of objects in use when all others wait.
func objects() int64 {
	for last := int64(-1); ; time.Sleep(5 * time.Millisecond) {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if now := int64(m.HeapObjects); max(now-last, last-now) < 20 {
			return now
		} else {
			last = now
		}
	}
}
