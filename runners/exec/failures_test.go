package exec

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nerbench/internal/campaign"
	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/runners"
)

// advice is the hint of an error; empty: it has none.
func advice(err error) string {
	if hint, ok := errors.AsType[*fault.Hint](err); ok {
		return hint.Advice
	}
	return ""
}

// mostMemory is what an attack may make the runner allocate, in bytes.
const mostMemory = 100 << 20

func checkError(t *testing.T, err error, want, hint string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(advice(err), hint) || (hint == "") != (advice(err) == "") {
		t.Fatalf("error %v, hint %q; want %q, %q", err, advice(err), want, hint)
	}
	if line := err.Error(); len(line) > 2000 || strings.ContainsAny(line, "\n\x1b") {
		t.Errorf("error of %d bytes: %.300q", len(line), line)
	}
}

// TestOpenFails: what is wrong with a program is said in one line, with a hint.
func TestOpenFails(t *testing.T) {
	script := filepath.Join(t.TempDir(), "my_ner.py")
	if err := os.WriteFile(script, []byte("print(1)\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	hello := func(text string) []string { return as("raw hello", text) }
	for name, tc := range map[string]struct {
		command    []string
		want, hint string
	}{
		"not in the path":   {[]string{"no-such-program-7"}, "exec/test: no-such-program-7: executable file not found", "--command names the program"},
		"no such file":      {[]string{"./no-such-program-7"}, "no such file", "paths are relative to the working folder"},
		"not executable":    {[]string{script}, "permission denied", "--command 'python3 " + script},
		"says nothing":      {as("sleep"), "no hello within 500ms", "must write its hello line, and flush it"},
		"ends at once":      {as("nothing"), "the program ended before its hello line with exit code 0", "must write its hello line first"},
		"no package":        {as("no package"), "the program ended before its hello line with exit code 1: ModuleNotFoundError: No module named 'gliner'", "-m pip install gliner"},
		"advice":            {as("no package, with advice"), "with exit code 1: No module named 'gliner' | install: pip install gliner==0.2", ""},
		"a log first":       {as("first a log"), `its first line is not a hello: "Loading the model …"`, "print logs to standard error"},
		"an endless line":   {as("endless hello"), "a line of its standard output has more than 16 MiB", ""},
		"another version":   {hello(`{"nerbench_exec":2}`), "hello: protocol version 2: want version 1", "docs/exec.md"},
		"no name":           {hello(`{"nerbench_exec":1,"version":"1","answers":"spans"}`), "hello: name: want a text", "docs/exec.md"},
		"a number":          {hello(`{"nerbench_exec":1,"name":"x","version":1,"answers":"spans"}`), "hello: version is a number: want a text", "docs/exec.md"},
		"other answers":     {hello(`{"nerbench_exec":1,"name":"x","version":"1","answers":"tags"}`), `hello: answers: "tags" is not one of spans, mentions, answers`, "docs/exec.md"},
		"no batch":          {hello(`{"nerbench_exec":1,"name":"x","version":"1","answers":"spans","batch":0}`), "hello: batch: want a number from 1 to 1024", "docs/exec.md"},
		"a long digest":     {hello(`{"nerbench_exec":1,"name":"x","version":"1","answers":"spans","digest":"` + strings.Repeat("a", 201) + `"}`), "hello: digest", "docs/exec.md"},
		"control character": {hello(`{"nerbench_exec":1,"name":"x\u001b[2J","version":"1","answers":"spans"}`), "hello: name", "docs/exec.md"},
		"not JSON":          {hello(`{"nerbench_exec":1,"name":`), "its first line is not a hello", "print logs to standard error"},
	} {
		t.Run(name, func(t *testing.T) {
			var err error
			used := campaign.Memory(t, func() {
				_, err = Open(t.Context(), Config{Name: "test", Command: tc.command, Timeout: timeout(name == "says nothing")})
			})
			checkError(t, err, tc.want, tc.hint)
			if used > mostMemory {
				t.Errorf("%d MiB were allocated", used>>20)
			}
		})
	}
}

// timeout is a short one for programs that hang, and a long one for all others.
func timeout(hangs bool) time.Duration {
	if hangs {
		return 500 * time.Millisecond
	}
	return time.Minute
}

// stuck is the clock of tests in which a program hangs: a deadline is over when the process
// has said that it is thinking, and not before.
func stuck(p *process, d time.Duration) <-chan time.Time {
	if d == linger || d == lastLook {
		return time.After(linger)
	}
	over := make(chan time.Time, 1)
	go func() {
		for !strings.Contains(p.said.last(), "thinking") {
			select {
			case <-p.quit:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
		over <- time.Now()
	}()
	return over
}

// ask asks about texts at the same time, and returns the answers and errors in order.
func ask(t *testing.T, r *Runner, texts ...string) ([]ner.Completion, []error) {
	t.Helper()
	answers, faults := make([]ner.Completion, len(texts)), make([]error, len(texts))
	var group sync.WaitGroup
	for i, text := range texts {
		group.Go(func() {
			got, err := r.Complete(t.Context(), []ner.Query{about(text)})
			if faults[i] = err; err == nil && len(got) == 1 {
				answers[i] = got[0]
			}
		})
	}
	group.Wait()
	return answers, faults
}

// counted collects the failures that were retried.
type counted struct {
	mu       sync.Mutex
	failures runners.Failures
	lines    []string
}

func (c *counted) into(config *Config) {
	config.Failed = func(err error) {
		c.failures.Count(err)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.lines = append(c.lines, err.Error())
	}
}

// TestOneBadPassage: the passage that ends or breaks the program is found, and its failure
// is clear; the passages beside it are answered.
func TestOneBadPassage(t *testing.T) {
	for name, tc := range map[string]struct {
		behaviour  string
		raw        string // answer of the behaviour raw
		want, hint string
		refused    bool // it counts as refused
		fact       string
	}{
		"crash":                  {behaviour: "crash", want: "the program ended in the middle with exit code 3: ValueError: too bad (3 attempts)", fact: "failed_broken"},
		"hang":                   {behaviour: "hang", want: "no answer within 1m0s (it said last: thinking) (2 attempts)", fact: "failed_late"},
		"no answer":              {behaviour: "silent", want: "no answer within 1m0s (it said last: thinking about the others) (2 attempts)", fact: "failed_late"},
		"closes its output":      {behaviour: "closes", want: "the program closed its standard output in the middle", fact: "failed_misread"},
		"half a line":            {behaviour: "half", want: "its standard output ended inside a line", fact: "failed_misread"},
		"a crash inside a line":  {behaviour: "segfault", want: "the program ended in the middle with exit code 139: segmentation fault", fact: "failed_broken"},
		"killed":                 {behaviour: "killed", want: "the program ended in the middle with signal: killed", hint: "memory was short", fact: "failed_broken"},
		"a log":                  {behaviour: "log", want: `a line of its standard output is not of the protocol: "INFO loading \x1b[31mthe model" (3 attempts)`, hint: "print logs to standard error", fact: "failed_misread"},
		"another id":             {behaviour: "foreign", want: `an answer has the id "conllpp/17": no such passage was asked`, fact: "failed_misread"},
		"a later id":             {behaviour: "ahead", want: `no such passage was asked`, fact: "failed_misread"},
		"1 GB":                   {behaviour: "endless", want: "a line of its standard output has more than 16 MiB (3 attempts)", fact: "failed_misread"},
		"an id that is a number": {behaviour: "raw", raw: `{"id":ID,"spans":[]}`, want: "has an id that is not a text: ", hint: "answer with the id of the passage", fact: "failed_misread"},
		"an id that is null":     {behaviour: "raw", raw: `{"id":null,"spans":[]}`, want: "has an id that is not a text: ", hint: "answer with the id of the passage", fact: "failed_misread"},
		"a log in JSON":          {behaviour: "raw", raw: `{"level":"info","msg":"ID"}`, want: "has no id: ", hint: "print logs to standard error", fact: "failed_misread"},
		"a list":                 {behaviour: "raw", raw: `["ID"]`, want: "is not of the protocol: ", hint: "print logs to standard error", fact: "failed_misread"},
		"no spans":               {behaviour: "raw", raw: `{"id":"ID"}`, want: "the answer is wrong: it has no spans, which the hello promised", refused: true, fact: "failed_broken"},
		"mentions instead":       {behaviour: "raw", raw: `{"id":"ID","mentions":[]}`, want: "it has no spans, which the hello promised", refused: true, fact: "failed_broken"},
		"outside":                {behaviour: "raw", raw: `{"id":"ID","spans":[{"start":0,"end":400,"type":"person"}]}`, want: "span 0: offsets 0 to 400 are outside the text of 11 code points", refused: true, fact: "failed_broken"},
		"a negative offset":      {behaviour: "raw", raw: `{"id":"ID","spans":[{"start":-1,"end":4,"type":"person"}]}`, want: "span 0: offsets -1 to 4 are outside", refused: true, fact: "failed_broken"},
		"an empty span":          {behaviour: "raw", raw: `{"id":"ID","spans":[{"start":4,"end":4,"type":"person"}]}`, want: "span 0: offsets 4 to 4: want a start before the end", refused: true, fact: "failed_broken"},
		"half an offset":         {behaviour: "raw", raw: `{"id":"ID","spans":[{"start":0.5,"end":4,"type":"person"}]}`, want: "the answer is wrong: spans.start is the number 0.5: want a whole number", refused: true, fact: "failed_broken"},
		"an offset in quotes":    {behaviour: "raw", raw: `{"id":"ID","spans":[{"start":"0","end":4,"type":"person"}]}`, want: "spans.start is a string: want a whole number", refused: true, fact: "failed_broken"},
		"one span, no list":      {behaviour: "raw", raw: `{"id":"ID","spans":{"start":0,"end":4,"type":"person"}}`, want: "spans is an object: want a list", refused: true, fact: "failed_broken"},
		"spans as lists":         {behaviour: "raw", raw: `{"id":"ID","spans":[[0,4,"person"]]}`, want: "spans is an array: want an object", refused: true, fact: "failed_broken"},
		"an error as an object":  {behaviour: "raw", raw: `{"id":"ID","error":{"code":3}}`, want: "error is an object: want a text", refused: true, fact: "failed_broken"},
		"no type":                {behaviour: "raw", raw: `{"id":"ID","spans":[{"start":0,"end":4,"label":"person"}]}`, want: "span 0: want start, end and type", refused: true, fact: "failed_broken"},
		"another type":           {behaviour: "raw", raw: `{"id":"ID","spans":[{"start":0,"end":4,"type":"DATE"}]}`, want: `span 0: type "DATE" was not asked: answer with the names in types only`, refused: true, fact: "failed_broken"},
		"a native label":         {behaviour: "raw", raw: `{"id":"ID","spans":[{"start":0,"end":4,"type":"PER"}]}`, want: `span 0: type "PER" is a native label of "person": answer with the names in types`, refused: true, fact: "failed_broken"},
		"UTF-16":                 {behaviour: "raw", raw: `{"id":"ID","spans":[{"start":0,"end":2,"type":"person","text":"👩"}]}`, want: "span 0: offsets 0 to 2 are UTF-16 code units: the protocol wants code points", refused: true, fact: "failed_broken"},
		"bytes":                  {behaviour: "raw", raw: `{"id":"ID","spans":[{"start":5,"end":7,"type":"person","text":"é"}]}`, want: "span 0: offsets 5 to 7 are bytes of UTF-8: the protocol wants code points", refused: true, fact: "failed_broken"},
		"another text":           {behaviour: "raw", raw: `{"id":"ID","spans":[{"start":0,"end":1,"type":"person","text":"Mira"}]}`, want: `span 0: the text at offsets 0 to 1 is "👩", not "Mira"`, refused: true, fact: "failed_broken"},
		"an error":               {behaviour: "raw", raw: `{"id":"ID","error":"too\nlong"}`, want: "too long", refused: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var c counted
			r := opened(t, tc.behaviour, c.into, func(config *Config) {
				config.Command = append(config.Command, tc.raw)
				config.Timeout, config.after = time.Minute, stuck
				if tc.behaviour == "closes" {
					config.Grace = 300 * time.Millisecond
				}
				config.Labels = map[ner.EntityType][]string{"person": {"PER"}}
			})
			texts := []string{"one", "two", "👩 é bad ???", "three", "four", "five"}
			answers, faults := ask(t, r, texts...)
			for i, text := range texts {
				switch {
				case i != 2:
					if faults[i] != nil || answers[i].Text != whole(text) || answers[i].Finish != ner.FinishStop {
						t.Errorf("%s: %+v, %v", text, answers[i], faults[i])
					}
				case tc.refused:
					if faults[i] != nil || answers[i].Finish != ner.FinishRefused || !strings.Contains(answers[i].Text, tc.want) || strings.Contains(answers[i].Text, "\n") {
						t.Errorf("%s: %+v, %v; want %q", text, answers[i], faults[i], tc.want)
					}
				default:
					checkError(t, faults[i], tc.want, tc.hint)
					if !errors.Is(faults[i], runners.ErrTemporary) || errors.Is(faults[i], runners.ErrFatal) {
						t.Errorf("%s: the kind of %v", text, faults[i])
					}
				}
			}
			counts := c.failures.Counts()
			if tc.fact == "" && len(counts) > 0 || tc.fact != "" && (counts[tc.fact] == 0 || len(counts) > 1) {
				t.Errorf("counted %v, want %s", counts, tc.fact)
			}
		})
	}
}

// TestALargeAnswer: an answer of 1 GB is not kept.
func TestALargeAnswer(t *testing.T) {
	r := opened(t, "endless")
	used := campaign.Memory(t, func() {
		_, faults := ask(t, r, "bad")
		checkError(t, faults[0], "a line of its standard output has more than 16 MiB", "")
	})
	if used > uint64(most[broken])*mostMemory {
		t.Errorf("%d MiB were allocated", used>>20)
	}
}

// TestAnswersOfOtherKinds checks answers of mentions, and of language models.
func TestAnswersOfOtherKinds(t *testing.T) {
	d := &ner.Document{Text: "Mira left Mira ."}
	of := func(types ...ner.EntityType) *task {
		return &task{document: d, types: types, queries: []ner.Query{{}, {}}}
	}
	for line, want := range map[string]string{
		`{"mentions":[{"text":"Mira","type":"person"},{"text":"no one","type":"person"}]}`: `{"mentions":[{"text":"Mira","type":"person"},{"text":"no one","type":"person"}]}`,
		`{"mentions":[]}`: `{"mentions":[]}`,
		`{"mentions":[{"text":" ","type":"person"}]}`:               "mention 0: want text and type",
		`{"mentions":[{"text":"Mira"}]}`:                            "mention 0: want text and type",
		`{"mentions":[{"text":"Mira","type":"ship"}]}`:              `type "ship" was not asked`,
		`{"answers":[{"text":"a"},{"text":"b","finish":"length"}]}`: "a ; b length",
		`{"answers":[{"text":"a"}]}`:                                "1 answers to 2 queries",
		`{"answers":[{"text":"a"},{}]}`:                             "answer 1: want text",
		`{"answers":[{"text":"a"},{"text":"b","finish":"x"}]}`:      `answer 1: finish: "x" is not one of stop, length`,
	} {
		_, a, err := readAnswer([]byte(`{"id":"1",` + line[1:]))
		if err != nil {
			t.Fatal(err)
		}
		kind := Mentions
		if strings.HasPrefix(line, `{"answers`) {
			kind = Answers
		}
		got, err := of("person").completions(kind, a)
		text := fmt.Sprint(err)
		if err == nil && kind == Answers {
			text = fmt.Sprintf("%s %s; %s %s", got[0].Text, got[0].Finish, got[1].Text, got[1].Finish)
		} else if err == nil {
			text = got[0].Text
		}
		if !strings.Contains(text, want) {
			t.Errorf("%s: %s, want %s", line, text, want)
		}
	}
}

// TestEachPassageFailsOnce: whatever fails, no passage is lost, and none is answered
// wrongly.
func TestEachPassageFailsOnce(t *testing.T) {
	for _, batch := range []int{1, 5} {
		t.Run(fmt.Sprint(batch), func(t *testing.T) {
			t.Parallel()
			var c counted
			marks := t.TempDir()
			r := opened(t, "once", c.into, func(config *Config) {
				config.Command = append(config.Command, marks, fmt.Sprint(batch))
				config.Timeout, config.Workers, config.after = time.Minute, 2, stuck
			})
			r.credit.left = 1000
			var texts []string
			for fault := range faults {
				if fault != "twice" || batch == 1 { // with others in flight, one of them fails
					texts = append(texts, fault+" 1")
				}
				texts = append(texts, "good "+fault)
			}
			slices.Sort(texts)
			answers, faults := ask(t, r, texts...)
			for i, text := range texts {
				if faults[i] != nil || answers[i].Text != whole(text) || answers[i].Finish != ner.FinishStop {
					t.Errorf("%s: %+v, %v", text, answers[i], faults[i])
				}
			}
			if counts := c.failures.Counts(); counts["failed_misread"] == 0 || counts["failed_broken"] == 0 || counts["failed_late"] == 0 && batch == 1 {
				t.Errorf("counted %v: %s", counts, strings.Join(c.lines, "\n"))
			}
		})
	}
}

// TestAnsweredTwice: a passage is not blamed for another one that was answered twice.
func TestAnsweredTwice(t *testing.T) {
	var c counted
	r := opened(t, "again", c.into, func(config *Config) {
		config.Command = append(config.Command, filepath.Join(t.TempDir(), "first"))
	})
	for _, text := range []string{"first", "second"} { // one after the other
		answers, faults := ask(t, r, text)
		if faults[0] != nil || answers[0].Text != whole(text) || answers[0].Finish != ner.FinishStop {
			t.Errorf("%s: %+v, %v", text, answers[0], faults[0])
		}
	}
	if got := strings.Join(c.lines, "\n"); !strings.Contains(got, "answered twice") || !strings.Contains(got, `type "DATE" was not asked`) {
		t.Errorf("failures: %s", got)
	}
}

// TestLeftovers: a passage is not blamed for what is left of an earlier one, and failures
// of different kinds are counted separately.
func TestLeftovers(t *testing.T) {
	for name, tc := range map[string]struct {
		left    string   // what comes in place of the answer to the second passage of a process
		own     []string // failures of the passage, when its process was asked nothing else
		refused bool
	}{
		"crash":                 {left: "crash", own: []string{"crash", "log"}},
		"a log":                 {left: "log", own: []string{"crash", "id"}},
		"another id":            {left: "id", own: []string{"broken", "crash"}},
		"hang":                  {left: "hang", own: []string{"hang"}},
		"crash, a wrong answer": {left: "crash", own: []string{"type"}},
		"all kinds":             {left: "crash", own: []string{"crash", "type", "crash", "hang"}},
		"two wrong answers":     {left: "crash", own: []string{"type", "crash", "type"}, refused: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var c counted
			r := opened(t, "leftover", c.into, func(config *Config) {
				config.Command = append(append(config.Command, t.TempDir(), tc.left), tc.own...)
				config.Timeout, config.after = time.Minute, stuck
			})
			if _, faults := ask(t, r, "first"); faults[0] != nil {
				t.Fatal(faults[0])
			}
			answers, faults := ask(t, r, "second")
			if faults[0] != nil || tc.refused != (answers[0].Finish == ner.FinishRefused) || !tc.refused && answers[0].Text != whole("second") {
				t.Errorf("%+v, %v", answers[0], faults[0])
			}
			if len(c.lines) != 1+len(tc.own) {
				t.Errorf("failures: %s", strings.Join(c.lines, "\n"))
			}
		})
	}
}

// TestAnswersAfterADeadline that are there by then count: nerbench was stopped, and not
// the program.
func TestAnswersAfterADeadline(t *testing.T) {
	var c counted
	over := make(chan time.Time)
	close(over)
	r := opened(t, "batches", c.into, func(config *Config) {
		config.after = func(_ *process, d time.Duration) <-chan time.Time {
			if d == lastLook {
				return nil
			}
			return over
		}
	})
	texts := []string{"one", "two", "three"}
	answers, faults := ask(t, r, texts...)
	for i, text := range texts {
		if faults[i] != nil || answers[i].Text != whole(text) {
			t.Errorf("%s: %+v, %v", text, answers[i], faults[i])
		}
	}
	if len(c.lines) > 0 {
		t.Errorf("failures: %s", strings.Join(c.lines, "\n"))
	}
}

// TestProgramsThatAlwaysFail end a run, however many passages there are.
func TestProgramsThatAlwaysFail(t *testing.T) {
	t.Run("answers twice", func(t *testing.T) {
		r := opened(t, "twice")
		for n := 0; ; n++ {
			_, err := r.Complete(t.Context(), []ner.Query{about(fmt.Sprintf("good %d", n))})
			if errors.Is(err, runners.ErrFatal) {
				checkError(t, err, "the program fails too often: passage ", "")
				return
			}
			if n == 1000 {
				t.Fatal("it did not end")
			}
		}
	})
	t.Run("another hello", func(t *testing.T) {
		r := opened(t, "another hello")
		_, err := r.Complete(t.Context(), []ner.Query{about("x")})
		checkError(t, err, "another process of the program has another hello: test ", "")
		if !errors.Is(err, runners.ErrFatal) {
			t.Errorf("the kind of %v", err)
		}
	})
	t.Run("starts once", func(t *testing.T) {
		r := opened(t, "starts once", func(c *Config) { c.Command = append(c.Command, filepath.Join(t.TempDir(), "mark")) })
		_, err := r.Complete(t.Context(), []ner.Query{about("x")})
		checkError(t, err, "the program ended before its hello line with exit code 1: out of memory", "")
		if !errors.Is(err, runners.ErrTemporary) {
			t.Errorf("the kind of %v", err)
		}
	})
}

// TestStandardError: few lines are shown, without secrets, and nothing blocks.
func TestStandardError(t *testing.T) {
	t.Setenv("TEST_API_KEY", "sk-very-secret")
	var mu sync.Mutex
	var lines []string
	r := opened(t, "loud", func(c *Config) {
		c.Command = append(c.Command, "--token", "also-secret")
		c.Log = func(line string) {
			mu.Lock()
			defer mu.Unlock()
			lines = append(lines, line)
		}
	})
	answers, faults := ask(t, r, "bad")
	if faults[0] != nil || answers[0].Text != whole("bad") {
		t.Fatalf("%+v, %v", answers, faults)
	}
	r.Close()
	mu.Lock()
	defer mu.Unlock()
	all := strings.Join(lines, "\n")
	if len(lines) < linesAtOnce || len(lines) > 10*linesAtOnce || len(all) > 1<<16 || strings.Contains(all, "secret") || !strings.HasPrefix(all, "exec/test: line 0 with *** ***\n") {
		t.Errorf("%d lines, %d bytes: %.500q", len(lines), len(all), all)
	}
}

// TestTheEndOfAProgram: it is told by the end of its input, and its failure is noted.
func TestTheEndOfAProgram(t *testing.T) {
	for behaviour, want := range map[string]string{
		"spans": "", "batches": "", "loads": "",
		"unstoppable":      "the program did not end within 300ms after the end of its input, and was killed",
		"fails at its end": "the program had answered everything, and ended with exit code 4: cannot save",
	} {
		t.Run(behaviour, func(t *testing.T) {
			var notes []string
			r := opened(t, behaviour, func(c *Config) {
				if want != "" {
					c.Grace = 300 * time.Millisecond
				}
				if behaviour == "fails at its end" {
					c.Grace = time.Minute
				}
				c.Observe = func(note string) { notes = append(notes, note) }
			})
			if behaviour != "loads" {
				if _, faults := ask(t, r, "x"); faults[0] != nil {
					t.Fatal(faults[0])
				}
			}
			r.Close()
			if got := strings.Join(notes, "\n"); got != want {
				t.Errorf("notes %q, want %q", got, want)
			}
			if _, err := r.Complete(t.Context(), []ner.Query{about("x")}); !errors.Is(err, errClosed) {
				t.Errorf("a closed runner: %v", err)
			}
		})
	}
}

// TestCancelledWhileItStarts: the end of the context ends the wait for a program.
func TestCancelledWhileItStarts(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := Open(ctx, Config{Name: "test", Command: as("sleep")}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}

// TestByteOrderMark: one that a program on Windows writes before its hello is ignored.
func TestByteOrderMark(t *testing.T) {
	r, err := Open(t.Context(), Config{Name: "test", Command: as("raw hello", "\ufeff"+`{"nerbench_exec":1,"name":"x","version":"1","answers":"spans"}`)})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if h := r.Hello(); h.Name != "x" || h.Answers != Spans {
		t.Errorf("%+v", h)
	}
}
