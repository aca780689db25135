package results

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"nerbench/internal/campaign"
	"nerbench/ner"
)

// mutatedRuns are the runs of the store that is mutated.
func mutatedRuns() []ner.Run {
	runs := formerRuns("dataset")
	for i := range 12 { // so that the runs have several pages
		runs = append(runs, testRun(fmt.Sprintf("model %d with a long name %s", i, strings.Repeat("x", 200))))
	}
	return runs
}

// storeToMutate makes a store that has pages of all kinds: with inner nodes, overflow
// pages, and free pages.
func storeToMutate(t *testing.T) []byte {
	t.Helper()
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "results.db")
	s := openAt(t, path)
	fillFormer(t, s, "dataset")
	for i, run := range mutatedRuns()[4:] {
		const n = 30
		must(t, s.Begin(ctx, run, n))
		passages := testPassages(fmt.Sprint("q", i%4), n)
		passages[3].Answers[1].Completion.Text = strings.Repeat("a long answer ", 900)
		passages[5].Answers[0].Completion.Thinking = "a thought"
		must(t, s.Record(ctx, run.ID(), passages[:n-i], passages[n-i:]))
		must(t, s.End(ctx, run.ID()))
		must(t, s.SaveScores(ctx, run.ID(), someScores(n-i)))
		must(t, s.AddFacts(ctx, run.ID(), map[string]string{"device": fmt.Sprint("GPU ", i)}, map[string]int64{"prompt_tokens": int64(i)}))
	}
	gone := testRun("removed")
	must(t, s.Begin(ctx, gone, 40))
	must(t, s.Record(ctx, gone.ID(), testPassages("removed", 40), nil))
	must(t, s.Remove(ctx, gone.ID()))
	must(t, s.Close())
	b, err := os.ReadFile(path)
	must(t, err)
	return b
}

// failed is what is observed where reading fails.
const failed = "error"

// observe reads all that the store has about the runs of the test, by name.
func observe(ctx context.Context, s *Store) map[string]string {
	seen := map[string]string{}
	note := func(name string, value any, err error) {
		seen[name] = fmt.Sprintf("%+v", value)
		if err != nil {
			seen[name] = failed
		}
	}
	all, err := s.Runs(ctx, nil)
	note("runs", infos(all), err)
	for i, run := range mutatedRuns() {
		name := func(what string) string { return fmt.Sprintf("run %d: %s", i, what) }
		id := run.ID()
		info, err := s.Find(ctx, id)
		note(name("info"), infos([]RunInfo{info}), err)
		scores, err := s.Scores(ctx, id)
		note(name("scores"), scores, err)
		done, err := s.Done(ctx, id)
		note(name("done"), done, err)
		documents, err := s.Documents(ctx, id)
		note(name("documents"), documents, err)
		for _, metric := range []string{"span_f1", "uniner_f1", "span_f1[reader=lenient]"} {
			counts, err := s.Counts(ctx, id, metric)
			note(name(metric), counts, errors.Join(err))
		}
		var passages []ner.Passage
		var fault error
		for p, err := range s.Passages(ctx, id) {
			if fault = err; err != nil {
				break
			}
			passages = append(passages, p)
		}
		note(name("passages"), passages, fault)
	}
	for _, q := range []string{"q", "q0", "q1", "q2", "q3", "own"} {
		for i, p := range testPassages(q, 8) {
			found, err := s.Cached(ctx, keysOfPassage(p))
			for key, c := range found { // a lost answer is no error: it is requested again
				note(fmt.Sprintf("cached %x", key), c, nil)
			}
			if err != nil {
				seen[fmt.Sprintf("cached %s %d", q, i)] = failed
			}
		}
	}
	return seen
}

// infos writes runs without pointers and locations of times.
func infos(runs []RunInfo) string {
	var b strings.Builder
	for _, r := range runs {
		fmt.Fprintf(&b, "%s %v %s %d %d %d %d %d %v %v\n", r.ID, r.Keys, r.State, r.Passages, r.Complete, r.Queries,
			r.Created.UnixMilli(), r.Updated.UnixMilli(), r.Scores, r.Facts)
	}
	return b.String()
}

// mutation damages a store in a file.
type mutation struct {
	name   string
	mutate func(t *testing.T, random *rand.Rand, path string, content []byte) (what string)
}

const pageSize = 4096

var mutations = []mutation{
	{"byte", func(t *testing.T, random *rand.Rand, path string, b []byte) string {
		at := random.IntN(len(b))
		b[at] ^= byte(1 + random.IntN(255))
		must(t, os.WriteFile(path, b, 0o600))
		return fmt.Sprintf("byte %d of page %d is %#x", at%pageSize, at/pageSize+1, b[at])
	}},
	{"head of a page", func(t *testing.T, random *rand.Rand, path string, b []byte) string {
		page := random.IntN(len(b) / pageSize)
		at := page*pageSize + random.IntN(100)
		b[at] ^= byte(1 << random.IntN(8))
		must(t, os.WriteFile(path, b, 0o600))
		return fmt.Sprintf("byte %d of page %d is %#x", at%pageSize, page+1, b[at])
	}},
	{"zeroed page", func(t *testing.T, random *rand.Rand, path string, b []byte) string {
		page := random.IntN(len(b) / pageSize)
		clear(b[page*pageSize:][:pageSize])
		must(t, os.WriteFile(path, b, 0o600))
		return fmt.Sprintf("page %d", page+1)
	}},
	{"exchanged pages", func(t *testing.T, random *rand.Rand, path string, b []byte) string {
		x, y := random.IntN(len(b)/pageSize), random.IntN(len(b)/pageSize)
		for i := range pageSize {
			b[x*pageSize+i], b[y*pageSize+i] = b[y*pageSize+i], b[x*pageSize+i]
		}
		must(t, os.WriteFile(path, b, 0o600))
		return fmt.Sprintf("pages %d and %d", x+1, y+1)
	}},
	{"truncation", func(t *testing.T, random *rand.Rand, path string, b []byte) string {
		n := random.IntN(len(b))
		if random.IntN(2) == 0 {
			n -= n % pageSize
		}
		must(t, os.WriteFile(path, b[:n], 0o600))
		return fmt.Sprintf("%d bytes", n)
	}},
	{"rows", func(t *testing.T, random *rand.Rand, path string, b []byte) string {
		must(t, os.WriteFile(path, b, 0o600))
		statement := rowMutations[random.IntN(len(rowMutations))]
		statement = strings.NewReplacer("$a", strconv.Itoa(5+random.IntN(6)), "$b", strconv.Itoa(11+random.IntN(6)),
			"$p", strconv.Itoa(random.IntN(8)), "$q", strconv.Itoa(8+random.IntN(8)), "$n", strconv.Itoa(100+random.IntN(100))).Replace(statement)
		execRaw(t, path, "PRAGMA ignore_check_constraints = on; "+statement)
		return statement
	}},
}

// rowMutations change rows so that the file stays a sound database. $a and $b are runs,
// $p and $q passages, $n is a number of an answer.
var rowMutations = []string{
	exchange("completions", "text", "(SELECT key FROM completions ORDER BY key LIMIT 1 OFFSET $n)", "(SELECT key FROM completions ORDER BY key LIMIT 1 OFFSET $p)", "key"),
	exchange("completions", "answer_tokens || ''", "", "", ""),
	"UPDATE completions SET prompt_tokens = prompt_tokens + 1 WHERE key = (SELECT key FROM completions ORDER BY key LIMIT 1 OFFSET $n)",
	"UPDATE completions SET finish = 'length' WHERE key = (SELECT key FROM completions ORDER BY key LIMIT 1 OFFSET $n)",
	"UPDATE completions SET duration = duration + 1 WHERE key = (SELECT key FROM completions ORDER BY key LIMIT 1 OFFSET $n)",
	"UPDATE completions SET thinking = 'x' WHERE key = (SELECT key FROM completions ORDER BY key LIMIT 1 OFFSET $n)",
	"DELETE FROM completions WHERE key = (SELECT key FROM completions ORDER BY key LIMIT 1 OFFSET $n)",
	exchange("passages", "keys", "$p", "$q", "run = $a AND place"),
	exchange("passages", "document", "$p", "$q", "run = $a AND place"),
	"UPDATE passages SET place = -1 WHERE run = $a AND place = $p; UPDATE passages SET place = $p WHERE run = $a AND place = $q; UPDATE passages SET place = $q WHERE run = $a AND place = -1",
	"DELETE FROM passages WHERE run = $a AND place = $p; UPDATE passages SET run = $a WHERE run = $b AND place = $p",
	"DELETE FROM passages WHERE run = $a AND place = $p",
	"UPDATE passages SET complete = 0 WHERE run = $a AND place = $p",
	"UPDATE passages SET place = 1000 WHERE run = $a AND place = $p",
	"UPDATE passages SET layout = (SELECT number FROM layouts WHERE number <> layout LIMIT 1) WHERE run = $a AND place = $p",
	"UPDATE layouts SET types = replace(types, 'dish', 'fish')",
	"UPDATE runs SET complete = complete - 1 WHERE number = $a",
	"UPDATE runs SET queries = queries + 1 WHERE number = $a",
	"UPDATE runs SET passages = passages + 1 WHERE number = $a",
	"UPDATE runs SET asking = 1 WHERE number = $a",
	"UPDATE runs SET updated = updated + 1 WHERE number = $a",
	"UPDATE runs SET keys = json_set(keys, '$.split', 'dev') WHERE number = $a",
	"UPDATE runs SET id = 'x' WHERE number = $a; UPDATE runs SET id = (SELECT id FROM runs WHERE number = $b) || 'y' WHERE number = $b; UPDATE runs SET id = 'z' WHERE number = $a",
	"UPDATE runs SET number = -1 WHERE number = $a; UPDATE runs SET number = $a WHERE number = $b; UPDATE runs SET number = $b WHERE number = -1",
	"DELETE FROM runs WHERE number = $a",
	"PRAGMA foreign_keys = on; DELETE FROM runs WHERE number = $a",
	"DELETE FROM scorings WHERE run = $a",
	"DELETE FROM scores WHERE run = $a AND metric = 'span_f1'",
	"UPDATE scorings SET passages = passages + 1 WHERE run = $a",
	"UPDATE scorings SET outcomes = '{\"ok\":1}' WHERE run = $a",
	"UPDATE scores SET tp = tp + 1 WHERE run = $a",
	"UPDATE scores SET passages = (SELECT passages FROM scores WHERE run = $b AND metric = 'span_f1') WHERE run = $a AND metric = 'span_f1'",
	"UPDATE scores SET metric = 'x' WHERE run = $a AND metric = 'span_f1'; UPDATE scores SET metric = 'span_f1' WHERE run = $a AND metric = 'uniner_f1'; UPDATE scores SET metric = 'uniner_f1' WHERE run = $a AND metric = 'x'",
	"UPDATE scores SET run = -1 WHERE run = $a; UPDATE scores SET run = $a WHERE run = $b; UPDATE scores SET run = $b WHERE run = -1",
	"DELETE FROM facts WHERE run = $a AND name = 'device'",
	"UPDATE facts SET value = '7777' WHERE run = $a AND name = 'prompt_tokens'",
	"UPDATE facts SET run = -1 WHERE run = $a; UPDATE facts SET run = $a WHERE run = $b; UPDATE facts SET run = $b WHERE run = -1",
}

// exchange is a statement that exchanges a column of two rows.
func exchange(table, column, a, b, key string) string {
	if key == "" {
		return "UPDATE completions SET answer_tokens = answer_tokens + 1 WHERE key = (SELECT key FROM completions ORDER BY key LIMIT 1 OFFSET $n)"
	}
	return fmt.Sprintf(`CREATE TEMP TABLE both AS SELECT (SELECT %[2]s FROM %[1]s WHERE %[5]s = %[3]s) AS x, (SELECT %[2]s FROM %[1]s WHERE %[5]s = %[4]s) AS y, %[3]s AS a, %[4]s AS b;
		UPDATE %[1]s SET %[2]s = (SELECT y FROM both) WHERE %[5]s = (SELECT a FROM both);
		UPDATE %[1]s SET %[2]s = (SELECT x FROM both) WHERE %[5]s = (SELECT b FROM both)`, table, column, a, b, key)
}

// TestMutations damages copies of a store. Nothing that is read afterwards may differ
// without an error, and Check must find all that was noticed.
func TestMutations(t *testing.T) {
	c := campaign.Start(t, campaign.Size{Short: 180, Full: 1000, Seed: 9401175839167604383}) // with an exchanged pointer of a page, which returns one row twice
	content := storeToMutate(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "whole.db")
	must(t, os.WriteFile(path, content, 0o600))
	s := openAt(t, path)
	want := observe(t.Context(), s)
	for name, value := range want {
		if value == failed && !strings.Contains(name, "_f1") { // not all runs have scores
			t.Fatalf("%s cannot be read", name)
		}
	}
	if h, err := s.Check(t.Context()); err != nil || !h.OK() {
		t.Fatalf("the whole store: %+v, %v", h, err)
	}
	must(t, s.Close())
	impatient := defaults()
	impatient.wait = time.Second
	noticed, unopened := 0, 0
	for i := range c.Tries {
		m := mutations[i%len(mutations)]
		path := filepath.Join(dir, fmt.Sprint(i, ".db"))
		what := m.mutate(t, c.Random, path, append([]byte(nil), content...))
		open := openReadOnly
		if i/len(mutations)%2 == 1 {
			open = func(ctx context.Context, path string, c config) (*Store, error) { return openWith(ctx, path, c) }
		}
		s, err := open(t.Context(), path, impatient)
		if err != nil {
			unopened++
			continue
		}
		got := observe(t.Context(), s)
		differs := ""
		for name, value := range want {
			if _, found := got[name]; !found || got[name] == value {
				continue
			}
			differs = name
			if got[name] != failed {
				t.Errorf("mutation %d, %s: %s: %s:\n got %.600s\nwant %.600s", i, m.name, what, name, got[name], value)
			}
		}
		h, err := s.Check(t.Context())
		if differs != "" {
			noticed++
			if err == nil && h.OK() {
				t.Errorf("mutation %d, %s: %s: %s differs, but Check finds nothing", i, m.name, what, differs)
			}
		}
		s.Close() // it may fail
		removeStore(path)
	}
	c.Saw(unopened, "could not be opened")
	c.Saw(noticed, "gave errors")
	c.Saw(c.Tries-unopened-noticed, "changed nothing that was read")
}

func openWith(ctx context.Context, path string, c config) (*Store, error) {
	return open(ctx, path, Existing, c)
}
