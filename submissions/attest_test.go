package submissions

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nerbench/bundles"
	"nerbench/harness"
	"nerbench/ner"
	"nerbench/runners/vllm/vllmtest"
)

func (w *workplace) attest(t testing.TB, path string, spot int) (Attestation, string, error) {
	t.Helper()
	return Attest(t.Context(), w.Bench, AttestRequest{
		File: path, Spot: spot, Tool: "1.0", Key: w.key(t), Request: harness.Request{Plan: tiny, Servers: []string{w.server.URL}, Connections: 4},
	})
}

// TestAttest: the same model answers in the same way, another one does not; the record
// belongs to one bundle, and no byte of it can be changed.
func TestAttest(t *testing.T) {
	w := newWorkplace(t)
	path := w.bundle(t, "x.nbz", w.run(t, tiny, "open", "shut")...)
	asked := w.server.Asked()
	a, file, err := w.attest(t, path, 20)
	if err != nil {
		t.Fatal(err)
	}
	if a.Spot != 20 || a.Equal != 20 || a.P != 1 || a.F1Bundle == nil || *a.F1Bundle != *a.F1Now || len(a.Runs) != 2 {
		t.Errorf("attested %+v", a)
	}
	if now := w.server.Asked() - asked; now < 40 || now > 50 { // and those that open the model
		t.Errorf("%d queries were sent, want those of 20 passages", now)
	}
	read, signer, err := ReadAttestation(t.Context(), file, path)
	if err != nil || *signer != *w.key(t).Signer() || read.Equal != 20 {
		t.Errorf("read %+v, %v, %v", read, signer, err)
	}
	other := w.bundle(t, "y.nbz", w.run(t, tiny, "sample-law")...)
	if _, _, err := ReadAttestation(t.Context(), file, other); err == nil || !strings.Contains(err.Error(), "it is about another bundle") {
		t.Errorf("of another bundle: %v", err)
	}
	checkEveryByte(t, file, path)

	w.server = vllmtest.New(t, func(f *vllmtest.Fake) { f.Root = "/home/mira/models/tiny" }) // answers nothing
	if a, _, err = w.attest(t, path, 20); err != nil {
		t.Fatal(err)
	}
	// Equal are the passages without entities; how many of them are drawn differs with the key.
	if a.Equal == a.Spot || a.F1Now != nil && *a.F1Now != 0 || a.P > 0.05 {
		t.Errorf("another model: attested %+v", a)
	}
}

// checkEveryByte changes bytes of a record and of its signature.
func checkEveryByte(t *testing.T, file, bundle string) {
	t.Helper()
	for _, name := range []string{file, file + ".sig"} {
		whole, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(whole); i += 1 + len(whole)/100 {
			changed := bytes.Clone(whole)
			changed[i] ^= 1
			if err := os.WriteFile(name, changed, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, _, err := ReadAttestation(t.Context(), file, bundle); err == nil {
				t.Errorf("%s: byte %d: a change is accepted", name, i)
			}
		}
		if err := os.WriteFile(name, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAttestRefuses(t *testing.T) {
	w := newWorkplace(t)
	path := w.bundle(t, "x.nbz", w.run(t, tiny, "open")...)
	w.write(t, "x.attestation.json", "a letter")
	if _, _, err := w.attest(t, path, 5); err == nil || !strings.Contains(err.Error(), "exists and is no attestation") {
		t.Errorf("another file: %v", err)
	}
	if err := os.Remove(filepath.Join(w.dir, "x.attestation.json")); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		want   string
		change func(*bundles.Run)
	}{
		"other prompts": {`it would be asked in another way here: family_hash is `, func(r *bundles.Run) { r.Keys["family_hash"] = "0123456789abcdef" }},
		"other data":    {"the data differs from the data of the run", func(r *bundles.Run) { r.Keys["data"] = "0123456789abcdef" }},
	} {
		lie := w.rewritten(t, path, func(m *bundles.Manifest, _ map[string][]*bundles.Passage) {
			tc.change(&m.Runs[0])
			m.Runs[0].ID = ner.Run{Keys: m.Runs[0].Keys}.ID()
		})
		if _, _, err := w.attest(t, lie, 5); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error is %v, want %q", name, err, tc.want)
		}
	}
	w.server.Close()
	if _, _, err := w.attest(t, path, 5); err == nil {
		t.Error("a server that does not answer attests")
	}
	if left, err := filepath.Glob(filepath.Join(w.dir, "*.attestation.json*")); err != nil || len(left) > 0 {
		t.Errorf("a failed attestation leaves %v, %v", left, err)
	}
}

// TestOtherWeights: a model with another digest than that of the run is not asked.
func TestOtherWeights(t *testing.T) {
	w := newWorkplace(t)
	seed := 3
	path := w.bundle(t, "x.nbz", w.run(t, ner.Plan{Model: "tagger", SamplingSeed: &seed}, "sample-law")...)
	if a, _, err := Attest(t.Context(), w.Bench, AttestRequest{File: path, Spot: 3, Key: w.key(t), Request: harness.Request{Plan: ner.Plan{Model: "tagger"}}}); err != nil || a.Equal != 3 {
		t.Errorf("the model itself: attested %+v, %v", a, err)
	}
	lie := w.rewritten(t, path, func(m *bundles.Manifest, _ map[string][]*bundles.Passage) {
		m.Runs[0].Keys["digest"] = strings.Repeat("0", 64)
		m.Runs[0].ID = ner.Run{Keys: m.Runs[0].Keys}.ID()
	})
	_, _, err := Attest(t.Context(), w.Bench, AttestRequest{File: lie, Spot: 3, Key: w.key(t), Request: harness.Request{Plan: ner.Plan{Model: "tagger"}}})
	if err == nil || !strings.Contains(err.Error(), "is another model than that of the run") {
		t.Errorf("error is %v", err)
	}
}

// TestDrawWithoutEnd: a record of more passages than it has is refused before they are
// drawn from a manifest that claims them, too.
func TestDrawWithoutEnd(t *testing.T) {
	w := newWorkplace(t)
	m := &bundles.Manifest{Runs: []bundles.Run{{ID: "0", Passages: 1 << 40}}}
	for name, a := range map[string]Attestation{
		"no passages":  {Spot: 1 << 40, Runs: []AttestedRun{}},
		"few passages": {Spot: 1 << 40, Runs: []AttestedRun{{ID: "0", Passages: []int{1, 2}}}},
		"others":       {Spot: 2, Runs: []AttestedRun{{ID: "0", Passages: []int{1, 2}}}},
	} {
		a.Format, a.Bundle = bundles.Format, "digest"
		text, err := encodeAttestation(a)
		if err != nil {
			t.Fatal(err)
		}
		signature, err := w.key(t).Sign(text, bundles.AttestationNamespace)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := CheckAttestation(text, signature, m, "digest"); err == nil || !strings.Contains(err.Error(), "its numbers do not add up") {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}

// TestDraw: the draw depends on the content alone, has no passage twice, and reaches all.
func TestDraw(t *testing.T) {
	m := &bundles.Manifest{}
	for i, n := range []int{50, 1, 30} {
		m.Runs = append(m.Runs, bundles.Run{ID: fmt.Sprint(i), Passages: n})
	}
	total := func(drawn map[string][]int) (n int) {
		for id, list := range drawn {
			if !slices.IsSorted(list) || len(slices.Compact(slices.Clone(list))) != len(list) {
				t.Errorf("run %s: %v", id, list)
			}
			n += len(list)
		}
		return n
	}
	one := Draw(m, "digest", 20)
	if total(one) != 20 || fmt.Sprint(one) != fmt.Sprint(Draw(m, "digest", 20)) || fmt.Sprint(one) == fmt.Sprint(Draw(m, "other", 20)) {
		t.Errorf("drawn %v", one)
	}
	if all := Draw(m, "digest", 200); total(all) != 81 || len(all["1"]) != 1 || all["0"][49] != 49 {
		t.Errorf("drawn %v", all)
	}
	if want := "map[0:[7 17 18 19 20 27 29 30 36 37 40 42] 2:[0 7 16 18 23 24 26 28]]"; fmt.Sprint(one) != want {
		t.Errorf("drawn %v, want %s: records of other versions are refused", one, want)
	}
}
