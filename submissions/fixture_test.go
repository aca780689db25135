package submissions

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nerbench/bundles"
	"nerbench/datasets"
	"nerbench/harness"
	"nerbench/internal/filetest"
	"nerbench/ner"
	"nerbench/runners/vllm/vllmtest"
)

// passagesOf is the number of passages of the invented datasets.
const passagesOf = 30

// zoo are passages with a keeper and a beast, each with other words.
func zoo(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "Žofie%d B-PER\nNovákova I-PER\nfeeds O\nthe O\nwombat%d B-PET\n. O\n\n", i, i)
	}
	return b.String()
}

// workplace is a bench with the invented datasets open, whose text may be shown, and
// shut, whose text may not, and a server with a model.
type workplace struct {
	*harness.Bench
	server *vllmtest.Fake
	dir    string
}

func newWorkplace(t testing.TB) *workplace {
	t.Helper()
	w := &workplace{dir: t.TempDir()}
	w.Bench = &harness.Bench{Data: filepath.Join(w.dir, "data"), Datasets: filepath.Join(w.dir, "datasets"), Store: filepath.Join(w.dir, "results.db")}
	for id, rule := range map[string]datasets.TextRule{"open": datasets.PublishText, "shut": datasets.NeverText} {
		dataset := filetest.Dataset{ID: id, Title: "Zoo", Text: string(rule), Labels: [][2]string{{"PER", "keeper"}, {"PET", "beast"}}, Splits: []string{"train", "test"}}
		w.write(t, "datasets/"+id+".toml", dataset.Columns())
		w.write(t, "data/"+id+"/train.txt", zoo(5))
		w.write(t, "data/"+id+"/test.txt", zoo(passagesOf))
	}
	w.server = vllmtest.New(t, func(f *vllmtest.Fake) {
		f.Root, f.Answer = "/home/mira/models/tiny", scripted
	})
	return w
}

func (w *workplace) write(t testing.TB, name, content string) {
	t.Helper()
	filetest.Write(t, w.dir, map[string]string{name: content})
}

// scripted answers with right, wrong, unaligned and malformed lists, by the passage.
func scripted(prompt string) string {
	_, rest, _ := strings.Cut(prompt, "Žofie")
	number, _, _ := strings.Cut(rest, " ")
	n := 0
	_, _ = fmt.Sscan(number, &n)
	keeper, beast := fmt.Sprintf("Žofie%d Novákova", n), fmt.Sprintf("wombat%d", n)
	switch {
	case n%10 == 3:
		return "I see no such thing here"
	case n%10 == 5:
		return `["Nobody of that name"]`
	case n%10 == 7:
		return "[]"
	case strings.Contains(prompt, "describes keeper"):
		return fmt.Sprintf("[%q]", keeper)
	}
	return fmt.Sprintf("[%q, %q]", beast, "feeds")
}

// run runs a model on datasets, and returns the ids of the runs.
func (w *workplace) run(t testing.TB, plan ner.Plan, ids ...string) []string {
	t.Helper()
	ds, err := w.AskedDatasets(ids, "")
	if err != nil {
		t.Fatal(err)
	}
	r := harness.Request{Plan: plan, Datasets: ds, Connections: 4}
	if strings.HasPrefix(plan.Model, "vllm/") {
		r.Servers = []string{w.server.URL}
	}
	summary, err := w.Run(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	var runs []string
	for _, s := range summary.Runs {
		runs = append(runs, s.Run)
	}
	return runs
}

// key is a key with a fixed seed.
func (w *workplace) key(t testing.TB) *bundles.Key {
	t.Helper()
	private, err := x509.MarshalPKCS8PrivateKey(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	if err != nil {
		t.Fatal(err)
	}
	w.write(t, "id_ed25519", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	key, err := bundles.OpenKey(filepath.Join(w.dir, "id_ed25519"), "")
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// bundle makes a bundle of runs.
func (w *workplace) bundle(t testing.TB, name string, runs ...string) string {
	t.Helper()
	made, err := Create(t.Context(), w.Bench, Request{Runs: runs, Tool: "1.0", Key: w.key(t), Out: filepath.Join(w.dir, name)})
	if err != nil {
		t.Fatal(err)
	}
	return made.File
}

// content is everything that a bundle holds, unpacked.
func content(t testing.TB, path string) (manifest *bundles.Manifest, lines map[string][]*bundles.Passage) {
	t.Helper()
	b, err := bundles.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	lines = map[string][]*bundles.Passage{}
	for i := range b.Manifest.Runs {
		r := &b.Manifest.Runs[i]
		for p, err := range b.Passages(r) {
			if err != nil {
				t.Fatal(err)
			}
			lines[r.Dataset()] = append(lines[r.Dataset()], p)
		}
	}
	return b.Manifest, lines
}

// rewritten writes a bundle again after a change, signed by the same key: as a submitter
// who lies.
func (w *workplace) rewritten(t testing.TB, path string, change func(m *bundles.Manifest, lines map[string][]*bundles.Passage)) string {
	t.Helper()
	m, lines := content(t, path)
	change(m, lines)
	out, err := w.pack(t, m, lines)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// pack writes a bundle of a manifest and lines. The error is that of the checks of the
// writer, which are those of the reader.
func (w *workplace) pack(t testing.TB, m *bundles.Manifest, lines map[string][]*bundles.Passage) (file string, err error) {
	t.Helper()
	writer, err := bundles.NewWriter()
	if err != nil {
		return "", err
	}
	defer writer.Close()
	for i := range m.Runs {
		r := &m.Runs[i]
		r.Answers.Bytes = 0
		l, err := writer.Begin(r)
		if err != nil {
			return "", err
		}
		for _, p := range lines[r.Dataset()] {
			if err := l.Add(p); err != nil {
				return "", err
			}
		}
		if err := l.End(); err != nil {
			return "", err
		}
	}
	out := filepath.Join(w.dir, "lie.nbz")
	f, err := os.Create(out)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sign := func(sums []byte) ([]byte, error) { return w.key(t).Sign(sums, bundles.Namespace) }
	return out, writer.WriteTo(f, m, sign)
}
