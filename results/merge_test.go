package results

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nerbench/internal/campaign"
	"nerbench/ner"
)

// mergeRuns are runs of the stores that are merged: two that share answers, one with
// many layouts, one without passages.
var mergeRuns = []struct {
	model    string
	passages int
	passage  func(i int) ner.Passage
}{
	{"a", 60, func(i int) ner.Passage { return testPassage("q", i, threeTypes...) }},
	{"b", 40, func(i int) ner.Passage { return testPassage("q", i, threeTypes...) }},
	{"layouts", 50, func(i int) ner.Passage { return testPassage("l", i, ner.EntityType(fmt.Sprint("t", i%7)), "z") }},
	{"empty", 0, nil},
}

// storeWith makes a closed store with the passages of [mergeRuns] that has chooses, and
// returns its path. incomplete ones lack their last answer.
func storeWith(t testing.TB, has func(run, i int) (there, complete bool)) string {
	t.Helper()
	s := newStore(t)
	for n, r := range mergeRuns {
		id := testRun(r.model).ID()
		var complete, incomplete []ner.Passage
		for i := range r.passages {
			there, whole := has(n, i)
			switch {
			case !there:
			case whole:
				complete = append(complete, r.passage(i))
			default:
				p := r.passage(i)
				p.Answers = p.Answers[:len(p.Answers)-1]
				incomplete = append(incomplete, p)
			}
		}
		if len(complete)+len(incomplete) == 0 && r.passages > 0 {
			continue // a shard need not have all runs
		}
		must(t, s.Begin(t.Context(), testRun(r.model), r.passages))
		must(t, s.Record(t.Context(), id, complete, incomplete))
		must(t, s.AddFacts(t.Context(), id, map[string]string{"device": "CPU"}, map[string]int64{"prompt_tokens": int64(len(complete))}))
		must(t, s.End(t.Context(), id))
	}
	must(t, s.Close())
	return s.path
}

func everything(int, int) (there, complete bool) { return true, true }

// merge merges stores into a new one, and returns its path.
func merge(t testing.TB, paths ...string) string {
	t.Helper()
	into := filepath.Join(t.TempDir(), "merged.db")
	if _, err := Merge(t.Context(), paths, into); err != nil {
		t.Fatal(err)
	}
	return into
}

// contentOf is the dump of a store with its metadata, which the dump leaves out.
func contentOf(t testing.TB, path string) string {
	t.Helper()
	s, err := OpenReadOnly(t.Context(), path)
	must(t, err)
	defer s.Close()
	text := dumpOf(t, s)
	runs, err := s.Runs(t.Context(), nil)
	must(t, err)
	slices.SortFunc(runs, func(a, b RunInfo) int { return strings.Compare(a.ID, b.ID) })
	for _, r := range runs {
		text += fmt.Sprintln(r.ID, r.State, r.Facts)
	}
	h, err := s.Check(t.Context())
	if err != nil || !h.OK() {
		t.Errorf("%s: %+v, %v", path, h, err)
	}
	return text
}

// TestMergeLaws splits a store at random into parts that overlap, with passages that are
// incomplete in some of them. The parts merge back to the store, in each order, in
// groups, and however often.
func TestMergeLaws(t *testing.T) {
	c := campaign.Start(t, campaign.Size{Short: 3, Full: 60})
	for range c.Tries {
		whole := storeWith(t, everything)
		of := 2 + c.Random.IntN(5)
		var parts []string
		for part := range of {
			seed := c.Random.Uint64()
			parts = append(parts, storeWith(t, func(run, i int) (bool, bool) {
				if i%of == part {
					return true, true
				}
				r := rand.New(rand.NewPCG(seed, uint64(run*1000+i)))
				return r.IntN(4) == 0, r.IntN(2) == 0
			}))
		}
		merged := merge(t, parts...)
		want := contentOf(t, merged)
		s, err := OpenReadOnly(t.Context(), whole)
		must(t, err)
		got, err := OpenReadOnly(t.Context(), merged)
		must(t, err)
		if got, want := dumpOf(t, got), dumpOf(t, s); got != want {
			t.Fatalf("%d parts merged:\n%s\nwant\n%s", of, got, want)
		}
		must(t, errors.Join(s.Close(), got.Close()))
		shuffled := slices.Clone(parts)
		c.Random.Shuffle(of, func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		at := c.Random.IntN(of-1) + 1
		for name, other := range map[string]string{
			"in another order":    merge(t, shuffled...),
			"in groups":           merge(t, append([]string{merge(t, shuffled[:at]...)}, shuffled[at:]...)...),
			"in two groups":       merge(t, merge(t, shuffled[:at]...), merge(t, shuffled[at:]...)),
			"twice":               merge(t, append([]string{merged}, parts...)...),
			"with copies of them": merge(t, append(shuffled, copied(t, parts[0]), copied(t, merged))...),
		} {
			if got := contentOf(t, other); got != want {
				t.Fatalf("%d parts merged %s:\n%s\nwant\n%s", of, name, got, want)
			}
			sound(t, other)
		}
		c.Saw(of, "parts were merged in six ways")
	}
}

// copied copies the file of a store.
func copied(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	to := filepath.Join(t.TempDir(), "copy.db")
	must(t, os.WriteFile(to, b, 0o600))
	return to
}

// TestMergeExtends checks that a store that exists is extended, and that it can be used
// afterwards.
func TestMergeExtends(t *testing.T) {
	even := storeWith(t, func(_, i int) (bool, bool) { return i%2 == 0, true })
	odd := storeWith(t, func(_, i int) (bool, bool) { return i%2 == 1, true })
	into := copied(t, even)
	for range 2 { // twice is once
		m, err := Merge(t.Context(), []string{odd}, into)
		must(t, err)
		if !m.Extended || len(m.Sources) != 2 || m.Sources[0].Path != into {
			t.Errorf("merged %+v", m)
		}
		if got, want := contentOf(t, into), contentOf(t, merge(t, even, odd)); got != want {
			t.Errorf("extended:\n%s\nwant\n%s", got, want)
		}
	}
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(into, link); err == nil {
		_, err := Merge(t.Context(), []string{odd}, link)
		must(t, err)
		if target, err := os.Readlink(link); err != nil || target != into {
			t.Errorf("the link to the store leads to %s, %v", target, err)
		}
	}
	s := openAt(t, into)
	id := testRun("a").ID()
	must(t, s.Begin(t.Context(), testRun("a"), 60))
	must(t, s.AddFacts(t.Context(), id, map[string]string{"device": "CUDA0"}, map[string]int64{"prompt_tokens": 5}))
	must(t, s.End(t.Context(), id))
	info, err := s.Find(t.Context(), id)
	must(t, err)
	if want := map[string]string{"device": "CPU; CUDA0", "prompt_tokens": "65"}; !maps.Equal(info.Facts, want) {
		t.Errorf("facts %v, want %v", info.Facts, want)
	}
	if info.State != Complete {
		t.Errorf("state %s", info.State)
	}
}

// TestMergeAnswers checks which of different answers stays, and that their prompts are
// counted.
func TestMergeAnswers(t *testing.T) {
	with := func(change func(i int, c *ner.Completion)) string {
		s := begun(t, testRun("m"), 4)
		var passages []ner.Passage
		for i := range 4 {
			p := testPassage("q", i, "x")
			change(i, &p.Answers[0].Completion)
			passages = append(passages, p)
		}
		must(t, s.Record(t.Context(), testRun("m").ID(), passages, nil))
		must(t, s.SaveScores(t.Context(), testRun("m").ID(), someScores(4)))
		must(t, s.Close())
		return s.path
	}
	a := with(func(i int, c *ner.Completion) {
		c.Text, c.Finish = []string{"b", "same", "z", "tokens"}[i], ner.FinishStop
	})
	b := with(func(i int, c *ner.Completion) {
		c.Text, c.Finish = []string{"a", "same", "a", "tokens"}[i], []ner.Finish{ner.FinishStop, ner.FinishStop, "zzz", ner.FinishStop}[i]
		if i == 3 {
			c.AnswerTokens = 3 // no other answer, but the smaller number stays
		}
	})
	for _, paths := range [][]string{{a, b}, {b, a}, {a, b, copied(t, a), copied(t, b)}} {
		into := filepath.Join(t.TempDir(), "merged.db")
		m, err := Merge(t.Context(), paths, into)
		must(t, err)
		checked, err := CheckMerge(t.Context(), paths, "")
		must(t, err)
		if fmt.Sprint(m) != fmt.Sprint(checked) {
			t.Errorf("checked %+v, merged %+v", checked, m)
		}
		if m.Answers != 4 || m.Differing != 2 {
			t.Errorf("%d answers, %d differ, want 4 and 2", m.Answers, m.Differing)
		}
		s := openAt(t, into)
		var got []string
		for _, p := range collect(t, s, testRun("m").ID()) {
			got = append(got, fmt.Sprint(p.Answers[0].Completion.Text, p.Answers[0].Completion.AnswerTokens))
		}
		if want := []string{"a7", "same7", "z7", "tokens3"}; !slices.Equal(got, want) {
			t.Errorf("answers %q, want %q", got, want)
		}
		if scores, err := s.Scores(t.Context(), testRun("m").ID()); err != nil || len(scores.Metrics) > 0 {
			t.Errorf("scores %+v, %v", scores, err)
		}
	}
}

// TestMergeRefuses: what cannot be merged is an error with the path of the store, and
// leaves no file.
func TestMergeRefuses(t *testing.T) {
	good := storeWith(t, everything)
	for name, c := range map[string]struct {
		change func(t *testing.T, path string)
		want   error
		text   string
	}{
		"missing":    {func(t *testing.T, p string) { must(t, os.Remove(p)) }, fs.ErrNotExist, "no such file"},
		"empty":      {func(t *testing.T, p string) { must(t, os.Truncate(p, 0)) }, fs.ErrNotExist, "is empty"},
		"other file": {func(t *testing.T, p string) { must(t, os.WriteFile(p, []byte(strings.Repeat("text ", 500)), 0o600)) }, ErrNotStore, "not a nerbench store"},
		"newer":      {func(t *testing.T, p string) { execRaw(t, p, "PRAGMA user_version = 99") }, ErrNewer, "schema 99"},
		"older":      {func(t *testing.T, p string) { execRaw(t, p, "PRAGMA user_version = 3") }, ErrOlder, "schema 3"},
		"log":        {func(t *testing.T, p string) { must(t, os.WriteFile(p+"-wal", nil, 0o600)) }, ErrInUse, "-wal"},
		"journal":    {func(t *testing.T, p string) { must(t, os.WriteFile(p+"-journal", nil, 0o600)) }, ErrInUse, "-journal"},
		"open":       {func(t *testing.T, p string) { openAt(t, p) }, ErrInUse, "in use by another process"},
		"answer": {func(t *testing.T, p string) {
			execRaw(t, p, "UPDATE completions SET text = 'other' WHERE key = (SELECT max(key) FROM completions)")
		}, ErrDamaged, "wrong checksum"},
		"passage": {func(t *testing.T, p string) { execRaw(t, p, "DELETE FROM passages WHERE run = 1 AND place = 59") }, ErrDamaged, "59 complete passages"},
		"place": {func(t *testing.T, p string) {
			execRaw(t, p, "UPDATE passages SET place = 99 WHERE run = 1 AND place = 59")
		}, ErrDamaged, "passage 99"},
		"incomplete": {func(t *testing.T, p string) {
			execRaw(t, p, "UPDATE passages SET complete = 0 WHERE run = 1 AND place = 59")
		}, ErrDamaged, "passage 59"},
		"layout":      {func(t *testing.T, p string) { execRaw(t, p, "PRAGMA foreign_keys = off; DELETE FROM layouts") }, ErrDamaged, "wrong checksum"},
		"run":         {func(t *testing.T, p string) { execRaw(t, p, "UPDATE runs SET passages = 61 WHERE number = 1") }, ErrDamaged, "wrong checksum"},
		"lost run":    {func(t *testing.T, p string) { execRaw(t, p, "DELETE FROM runs WHERE number = 4") }, ErrDamaged, "3 of 4 runs"},
		"facts":       {func(t *testing.T, p string) { execRaw(t, p, "UPDATE facts SET value = '7'") }, ErrDamaged, "facts of run"},
		"passages":    {func(t *testing.T, p string) { replaceStore(t, p, 61, "") }, nil, "has 61 passages, but 60 in "},
		"document":    {func(t *testing.T, p string) { replaceStore(t, p, 60, "other") }, nil, `passage 0 is document "other", but "mit-restaurant/test/0" in `},
		"cut in half": {func(t *testing.T, p string) { halve(t, p) }, ErrDamaged, "malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			bad := copied(t, good)
			c.change(t, bad)
			dir := t.TempDir()
			_, err := Merge(t.Context(), []string{good, bad}, filepath.Join(dir, "merged.db"))
			if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) || !strings.HasPrefix(err.Error(), "store: "+bad+": ") {
				t.Errorf("error %v, want one of %s with %q", err, bad, c.text)
			}
			if _, other := CheckMerge(t.Context(), []string{good, bad}, ""); other == nil || other.Error() != err.Error() {
				t.Errorf("checked: %v, want %v", other, err)
			}
			if files := folder(t, dir); len(files) > 1 || len(files) == 1 && files["merged.db.lock"] == "" {
				t.Errorf("files %v remain", files)
			}
		})
	}
}

// TestMergeNamesTheAsker: the process that sends the queries of a store is named.
func TestMergeNamesTheAsker(t *testing.T) {
	s := begun(t, testRun("m"), 3)
	_, err := Merge(t.Context(), []string{s.path, storeWith(t, everything)}, filepath.Join(t.TempDir(), "merged.db"))
	if asked, ok := errors.AsType[*AskedError](err); !ok || asked.Run != testRun("m").ID() || asked.Process != os.Getpid() {
		t.Errorf("error %v", err)
	}
}

// TestMergeKeepsTarget: a failure leaves the store that was to be extended as it was.
func TestMergeKeepsTarget(t *testing.T) {
	into, bad := storeWith(t, everything), storeWith(t, everything)
	execRaw(t, bad, "UPDATE completions SET text = 'other' WHERE key = (SELECT max(key) FROM completions)")
	before := folder(t, filepath.Dir(into))
	if _, err := Merge(t.Context(), []string{bad}, into); !errors.Is(err, ErrDamaged) {
		t.Errorf("error %v", err)
	}
	after := folder(t, filepath.Dir(into))
	delete(after, filepath.Base(into)+".lock")
	if !maps.Equal(after, before) {
		t.Errorf("files %v, before %v", after, before)
	}
}

// TestUnwrittenStoreIsNotPublished: a file that cannot be written to the disk does not get
// the name of the store. A folder stands for it.
func TestUnwrittenStoreIsNotPublished(t *testing.T) {
	path := filepath.Join(t.TempDir(), "merged.db")
	if err := publish(t.Context(), path, true, func(part string) error { return os.Mkdir(part, 0o700) }); err == nil {
		t.Error("no error")
	}
	if files := folder(t, filepath.Dir(path)); len(files) > 1 || len(files) == 1 && files["merged.db.lock"] == "" {
		t.Errorf("files %v", files)
	}
}

// replaceStore replaces a store by one with another number of passages, or another
// document, of the first run.
func replaceStore(t *testing.T, path string, passages int, document string) {
	t.Helper()
	s := begun(t, testRun("a"), passages)
	p := testPassage("q", 0, threeTypes...)
	if document != "" {
		p.Document = document
	}
	must(t, s.Record(t.Context(), testRun("a").ID(), []ner.Passage{p}, nil))
	must(t, s.Close())
	must(t, os.Rename(s.path, path))
}

func halve(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	must(t, err)
	must(t, os.Truncate(path, info.Size()/2/4096*4096))
}
