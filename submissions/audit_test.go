package submissions

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nerbench/bundles"
	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/runners/vllm/vllmtest"
)

// TestAudit: a copy of another submission, and a copy of the gold, are suspicious; honest
// ones are not.
func TestAudit(t *testing.T) {
	w := newWorkplace(t)
	// Half of the gold is wrong: it marks a word that no honest system takes for a keeper.
	for _, id := range []string{"open", "shut"} {
		w.write(t, "data/"+id+"/test.txt", strings.NewReplacer("1 B-PET", "1 O", "2 B-PET", "2 O", "3 B-PET", "3 O", "4 B-PET", "4 O", "5 B-PET", "5 O", "feeds O", "feeds B-PER").Replace(zoo(60)))
	}
	folder := filepath.Join(w.dir, "others")
	for i := range 3 {
		w.server = vllmtest.New(t, func(f *vllmtest.Fake) {
			f.Root = fmt.Sprintf("/models/%d", i)
			f.Answer = func(prompt string) string { // each fails on other passages
				_, rest, _ := strings.Cut(prompt, "Žofie")
				number, _, _ := strings.Cut(rest, " ")
				if strings.HasSuffix(number, fmt.Sprint(i)) {
					return "[]"
				}
				if strings.Contains(prompt, "describes keeper") {
					return fmt.Sprintf(`["Žofie%s Novákova"]`, number)
				}
				return fmt.Sprintf(`["wombat%s"]`, number)
			}
		})
		w.bundle(t, fmt.Sprintf("others/%d.nbz", i), w.run(t, tiny, "open", "shut")...)
	}
	w.write(t, "others/note.txt", "not a bundle")
	w.write(t, "others/broken.nbz", "not a bundle")
	audit := func(path string) AuditReport {
		t.Helper()
		r, err := Audit(t.Context(), w.Bench, path, []string{folder})
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Runs) != 2 || len(r.Left) != 1 || !strings.Contains(r.Left[0], "broken.nbz") {
			t.Errorf("audited %+v", r)
		}
		return r
	}
	honest := audit(filepath.Join(folder, "1.nbz"))
	for _, r := range honest.Runs {
		if len(r.Copies) != 2 || r.Copies[0].Suspicious || r.Copies[0].Passages == 0 || r.Gold == nil || r.Gold.Contested < fewest || r.Gold.Hits > r.Gold.Contested/10 || r.Gold.Suspicious || !r.Gold.SecondParser {
			t.Errorf("honest: %+v, %+v", r, r.Gold)
		}
	}
	// A copy with another name has other keys, and one other answer.
	copied := audit(w.rewritten(t, filepath.Join(folder, "1.nbz"), func(m *bundles.Manifest, _ map[string][]*bundles.Passage) { m.Submitter.Name = "Copy" }))
	for _, r := range copied.Runs {
		if len(r.Copies) != 3 || !r.Copies[1].Suspicious || r.Copies[1].Equal != r.Copies[1].Passages || r.Copies[0].Suspicious {
			t.Errorf("copied: %+v", r)
		}
	}
	gold := audit(w.rewritten(t, filepath.Join(folder, "1.nbz"), w.copyGold(t)))
	for _, r := range gold.Runs {
		if r.Gold == nil || r.Gold.Hits < r.Gold.Contested*9/10 || !r.Gold.Suspicious {
			t.Errorf("copied from the gold: %+v, %+v", r, r.Gold)
		}
	}
	if r, err := Audit(t.Context(), w.Bench, filepath.Join(folder, "1.nbz"), []string{filepath.Join(folder, "2.nbz")}); err != nil || r.Runs[0].Gold != nil || len(r.Runs[0].Copies) != 1 {
		t.Errorf("one other: %+v, %v", r, err)
	}
	if _, err := Audit(t.Context(), w.Bench, filepath.Join(folder, "1.nbz"), []string{filepath.Join(w.dir, "nosuch")}); !errors.As(err, new(*fault.UsageError)) {
		t.Errorf("no others: %v", err)
	}
	if err := os.RemoveAll(w.Data); err != nil {
		t.Fatal(err)
	}
	r, err := Audit(t.Context(), w.Bench, filepath.Join(folder, "1.nbz"), []string{folder})
	if !errors.As(err, new(*fault.DataError)) || r.Runs[0].Unchecked == "" {
		t.Errorf("without data: %+v, %v", r, err)
	}
}

// copyGold makes the answers those of the gold. Its counts are wrong then, which the
// audit does not check.
func (w *workplace) copyGold(t testing.TB) func(*bundles.Manifest, map[string][]*bundles.Passage) {
	return func(_ *bundles.Manifest, lines map[string][]*bundles.Passage) {
		for id, list := range lines {
			dataset, err := w.FindDataset(id)
			if err != nil {
				t.Fatal(err)
			}
			docs, err := w.Documents(t.Context(), dataset, testOptions)
			if err != nil {
				t.Fatal(err)
			}
			i := 0
			for d, err := range docs {
				if err != nil {
					t.Fatal(err)
				}
				p := list[i]
				i++
				if p.Answers == nil {
					p.Spans = ner.NewCodePoints(d.Text).Spans(distinct(d.Spans))
					continue
				}
				for k, a := range p.Answers {
					var texts []string
					for _, s := range d.Spans {
						if s.Type == a.Types[0] {
							texts = append(texts, d.Surface(s))
						}
					}
					p.Answers[k].Text = ner.JSONList(texts, ", ")
				}
			}
		}
	}
}
