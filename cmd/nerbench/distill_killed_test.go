//go:build unix

package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"nerbench/internal/campaign"
)

// constructing is the command of these tests, with few passages at once.
var constructing = []string{"distill", "construct", "corpus.jsonl", "-m", "ollama/tiny", "-q", "--decontaminate", "off", "--max-connections", "2", "--out"}

func newTeacherPlace(t testing.TB, n int, delay time.Duration) *workplace {
	w := newWorkplace(t, 1, delay)
	w.fake.Change(teach)
	w.write("corpus.jsonl", passages(n))
	return w
}

// TestKilledConstruct kills distill construct at random moments. Given again, it asks only
// what was not kept, and the folder equals that of one process; so do other filters and the
// first ones again, which ask nothing.
func TestKilledConstruct(t *testing.T) {
	c := campaign.Start(t, campaign.Size{Short: 2, Full: 50})
	const n = 60
	base := newTeacherPlace(t, n, time.Millisecond)
	calm := base.copied()
	start := time.Now()
	calm.must(append(constructing, "made")...)
	took, folder := time.Since(start), &disturbed{}
	want := folder.content(calm)
	for _, name := range []string{"corpus.toml", "passages.jsonl", "answers.db", "kept.jsonl", "dropped.jsonl"} {
		if want["made/"+name] == "" {
			t.Fatalf("no file %s", name)
		}
	}
	for range c.Tries {
		w := base.copied()
		kept := 0
		for range 1 + c.Random.IntN(4) {
			cmd := w.program(append(constructing, "made")...)
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			if w.killSomewhere(c, cmd, took) {
				c.Saw(1, "kills")
			} else if cmd.ProcessState.ExitCode() != 0 {
				t.Errorf("exit code %d\n%s", cmd.ProcessState.ExitCode(), out.String())
			}
			if _, answers := w.dumped("made/answers.db"); answers < kept {
				t.Errorf("%d answers were kept, and %d are there", kept, answers)
			} else {
				kept = answers
			}
		}
		before := w.fake.Asked()
		w.must(append(constructing, "made")...)
		if got := folder.content(w); !maps.Equal(got, want) {
			t.Errorf("killed and continued:\n%s", difference(got, want))
		}
		if asked := w.fake.Asked() - before; asked != n-kept {
			t.Errorf("%d queries were sent, but %d of %d answers were kept", asked, kept, n)
		}
		asked := w.fake.Asked()
		w.must(append(constructing, "made", "--unclosed", "keep", "--verbatim", "keep")...)
		if got := folder.content(w); got["made/kept.jsonl"] == want["made/kept.jsonl"] || got["made/answers.db"] != want["made/answers.db"] {
			t.Error("other filters keep the same, or change answers")
		}
		w.must(append(constructing, "made")...)
		if got := folder.content(w); !maps.Equal(got, want) || w.fake.Asked() != asked {
			t.Errorf("filtered again: %d queries\n%s", w.fake.Asked()-asked, difference(got, want))
		}
		if err := os.RemoveAll(w.dir); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			return
		}
	}
}

// TestConstructInParts asks about four parts, each in a folder of its own, and merges their
// answers: the folder equals that of one process.
func TestConstructInParts(t *testing.T) {
	const n = 40
	base := newTeacherPlace(t, n, 0)
	calm := base.copied()
	calm.must(append(constructing, "part1")...)
	folder := &disturbed{}
	want := folder.content(calm)
	before := base.fake.Asked()
	merge := []string{"merge"}
	for part := 1; part <= 4; part++ {
		dir := fmt.Sprintf("part%d", part)
		out := base.must(append(constructing, dir, "--shard", fmt.Sprintf("%d/4", part))...)
		if !strings.Contains(out, "10 passages answered, 10 of them now") {
			t.Errorf("part %d: %s", part, out)
		}
		if part > 1 {
			merge = append(merge, dir+"/answers.db")
		}
	}
	base.must(append(merge, "--into", "part1/answers.db")...)
	for part := 2; part <= 4; part++ {
		if err := os.RemoveAll(fmt.Sprintf("%s/part%d", base.dir, part)); err != nil {
			t.Fatal(err)
		}
	}
	base.must(append(constructing, "part1")...)
	if got := folder.content(base); !maps.Equal(got, want) {
		t.Errorf("merged:\n%s", difference(got, want))
	}
	if asked := base.fake.Asked() - before; asked != n {
		t.Errorf("%d queries were sent for %d passages", asked, n)
	}
}
