package results

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"nerbench/ner"
)

func TestPassagesAreReadAsRecorded(t *testing.T) {
	const n = 3*blockSize + 5 // several blocks, the last one not full
	run := testRun("m")
	s := begun(t, run, n)
	passages := testPassages("q", n)
	passages[7].Answers = nil // a document without queries
	passages[8] = testPassage("q", 8, "a", "b")
	passages[9].Answers[0].Types = []ner.EntityType{"dish", "drink"}
	passages[10].Answers[1].Completion = ner.Completion{Finish: ner.FinishTooLong}
	passages[11].Answers[2].Completion.Thinking = "hm"
	must(t, s.Record(t.Context(), run.ID(), passages[:n/2], nil))
	must(t, s.Record(t.Context(), run.ID(), passages[n/2:], nil))

	got := collect(t, s, run.ID())
	passages[7].Answers = []ner.Answer{}
	if len(got) != n {
		t.Fatalf("%d passages were read, want %d", len(got), n)
	}
	for i := range got {
		if !reflect.DeepEqual(got[i], passages[i]) {
			t.Errorf("passage %d:\n got %+v\nwant %+v", i, got[i], passages[i])
		}
	}
	info, err := s.Find(t.Context(), run.ID())
	must(t, err)
	if queries := 3*n - 3 - 1; info.State != Complete || info.Complete != n || info.Queries != queries {
		t.Errorf("run is %+v, want %d complete passages with %d queries", info, n, queries)
	}
}

func TestRecordIsAllOrNothing(t *testing.T) {
	run := testRun("m")
	s := begun(t, run, 3)
	before := dumpOf(t, s)
	passages := testPassages("q", 4) // the last one is outside the run
	err := s.Record(t.Context(), run.ID(), passages, nil)
	if err == nil || !strings.Contains(err.Error(), "passage 3: outside the run of 3 passages") {
		t.Errorf("error %v", err)
	}
	if after := dumpOf(t, s); after != before {
		t.Errorf("something was stored:\n%s", after)
	}
}

func TestRecordNeedsItsRun(t *testing.T) {
	s := newStore(t)
	if err := s.Record(t.Context(), "0123456789abcdef", testPassages("q", 1), nil); !errors.Is(err, ErrNoRun) {
		t.Errorf("error %v, want ErrNoRun", err)
	}
}

func TestRecordAgainChangesNothing(t *testing.T) {
	run := testRun("m")
	s := begun(t, run, 2)
	must(t, s.Record(t.Context(), run.ID(), testPassages("q", 2), nil))
	before := dumpOf(t, s)
	again := testPassages("q", 2)
	again[0].Answers[0].Completion.Text = "another answer to the same query"
	again[1] = testPassage("other", 1, "other")
	must(t, s.Record(t.Context(), run.ID(), again[:1], nil))
	must(t, s.Record(t.Context(), run.ID(), nil, again[:1]))
	if after := dumpOf(t, s); after != before {
		t.Errorf("the first answers are not kept:\n%s", after)
	}
}

func TestAnswersOfIncompletePassagesAreKept(t *testing.T) {
	run := testRun("m")
	s := begun(t, run, 2)
	whole := testPassages("q", 2)
	part := whole[1]
	part.Answers = part.Answers[:2]
	must(t, s.Record(t.Context(), run.ID(), whole[:1], []ner.Passage{part}))

	done, err := s.Done(t.Context(), run.ID())
	must(t, err)
	if !done[0] || done[1] {
		t.Errorf("done %v, want only the first", done)
	}
	if got := collect(t, s, run.ID()); len(got) != 1 || got[0].Index != 0 {
		t.Errorf("passages %v, want only the first", got)
	}
	known, err := s.Cached(t.Context(), keysOfPassage(whole[1]))
	must(t, err)
	if len(known) != 2 {
		t.Errorf("%d answers of the incomplete passage are cached, want 2", len(known))
	}

	must(t, s.Record(t.Context(), run.ID(), whole[1:], nil))
	if got := collect(t, s, run.ID()); !reflect.DeepEqual(got, whole) {
		t.Errorf("after completion: %v", got)
	}
	undisturbed := begun(t, run, 2)
	must(t, undisturbed.Record(t.Context(), run.ID(), whole, nil))
	// The layout of the partial passage remains, which a dump does not show.
	if got, want := dumpOf(t, s), dumpOf(t, undisturbed); got != want {
		t.Errorf("dump differs from that of an uninterrupted run:\n%s\nwant\n%s", got, want)
	}
}

func TestRunsShareAnswers(t *testing.T) {
	s := newStore(t)
	limited, full := testRun("m"), testRun("m")
	limited.Keys["limit"] = "2"
	for run, n := range map[*ner.Run]int{&limited: 2, &full: 5} {
		must(t, s.Begin(t.Context(), *run, n))
		must(t, s.Record(t.Context(), run.ID(), testPassages("q", n), nil))
	}
	var n int
	must(t, s.read.QueryRow("SELECT count(*) FROM completions").Scan(&n))
	if want := 5 * len(threeTypes); n != want {
		t.Errorf("%d completions are stored, want %d: runs with equal queries share them", n, want)
	}
}

func TestInvalidTextIsReplaced(t *testing.T) {
	run := testRun("m")
	s := begun(t, run, 1)
	p := testPassage("q", 0, "a", "b")
	p.Answers[0].Completion.Text = "a\xffb\x00c"
	p.Answers[1].Completion.Thinking = "\xed\xa0\x80"
	must(t, s.Record(t.Context(), run.ID(), []ner.Passage{p}, nil))
	got := collect(t, s, run.ID())[0]
	if text := got.Answers[0].Completion.Text; text != "a\uFFFDb\x00c" {
		t.Errorf("text %q", text)
	}
	if text := got.Answers[1].Completion.Thinking; text != "\uFFFD" {
		t.Errorf("thinking %q", text)
	}
}

func TestCached(t *testing.T) {
	run := testRun("m")
	const n = 200
	s := begun(t, run, n)
	passages := testPassages("q", n)
	must(t, s.Record(t.Context(), run.ID(), passages, nil))
	var keys []ner.AnswerKey
	want := map[ner.AnswerKey]ner.Completion{}
	for _, p := range passages {
		for _, a := range p.Answers {
			keys = append(keys, a.Key)
			want[a.Key] = a.Completion
		}
	}
	unknown := ner.AnswerKey{1, 2, 3}
	for _, size := range []int{0, 1, 15, 16, 17, 255, 256, 257, len(keys)} {
		known, err := s.Cached(t.Context(), append([]ner.AnswerKey{unknown}, keys[:size]...))
		must(t, err)
		if len(known) != size {
			t.Errorf("%d of %d keys are cached", len(known), size)
		}
		for _, k := range keys[:size] {
			if known[k] != want[k] {
				t.Errorf("answer %x is %+v, want %+v", k, known[k], want[k])
			}
		}
	}
	if _, err := s.Cached(cancelled(), keys); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: error %v", err)
	}
}

func keysOfPassage(p ner.Passage) []ner.AnswerKey {
	keys := make([]ner.AnswerKey, len(p.Answers))
	for i, a := range p.Answers {
		keys[i] = a.Key
	}
	return keys
}

func cancelled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
