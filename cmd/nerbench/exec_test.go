//go:build unix

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// commandOf is the command line of a program of the tests.
func commandOf(t testing.TB, kind string, args ...string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(append([]string{"'" + self + "'", programArgument, kind}, args...), " ")
}

// TestExec: programs of each kind answer, are scored, and are not asked again.
func TestExec(t *testing.T) {
	t.Parallel()
	w := newWorkplace(t, 40, 0)
	w.write("data/mini/test.tsv", "Person1\tO\nmet\tO\nPerson1\tB-PER\nin\tO\nTown2\tB-LOC\n.\tO\n\n")
	for _, tc := range []struct {
		name, kind string
		args       []string
		want       []string
	}{
		// A span at the second place of a word counts there, and nowhere else.
		{"spans", "spans", nil, []string{"span_f1            F1 100.0  P 100.0  R 100.0  (tp 2, predicted 2, gold 2)"}},
		{"mentions", "mentions", nil, []string{"span_f1            F1 80.0  P 66.7  R 100.0  (tp 2, predicted 3, gold 2)"}},
		{"prompts", "answers", []string{"--family", "json_by_type"}, []string{"(tp 2, predicted 3, gold 2)"}},
		{"chats", "answers", []string{"--family", "json_by_type", "--set", "as=chat", "--set", "temperature=0.5"}, []string{"(tp 2, predicted 3, gold 2)"}},
		{"prompts for each type", "answers", []string{"--family", "json_per_type"}, []string{"(tp 2, predicted 3, gold 2)", "2 queries (asked now 2"}},
		{"two processes", "spans", []string{"--workers", "2"}, []string{"(tp 2, predicted 2, gold 2)"}},
	} {
		args := append([]string{"run", "-q", "-m", "exec/" + strings.ReplaceAll(tc.name, " ", "-"), "--command", commandOf(t, tc.kind), "-d", "mini", "--probe", "0"}, tc.args...)
		for _, asked := range []string{"asked now ", "asked now 0"} {
			code, stdout, stderr := w.with(nil, args...)
			if code != 0 || !strings.Contains(stdout, asked) {
				t.Fatalf("%s: exit code %d\n%s%s", tc.name, code, stdout, stderr)
			}
			for _, want := range tc.want {
				if !strings.Contains(stdout, want) && asked != "asked now 0" {
					t.Errorf("%s: no %q in\n%s", tc.name, want, stdout)
				}
			}
		}
	}
	t.Run("keys", func(t *testing.T) {
		code, stdout, _ := w.with(nil, "runs", "list", "--json", "--where", "model=exec/spans")
		var runs []struct{ ID string }
		if err := json.Unmarshal([]byte(stdout), &runs); code != 0 || err != nil || len(runs) != 1 {
			t.Fatalf("exit code %d, %v\n%s", code, err, stdout)
		}
		_, stdout, _ = w.with(nil, "runs", "show", runs[0].ID)
		for _, want := range []string{`server +exec `, `server_version +test/spans 1 `, `identity +command `, `command +\S+\.test be-a-program spans `, `family +spans `} {
			if !regexp.MustCompile(`(?m)^` + want).MatchString(stdout) {
				t.Errorf("no %s in\n%s", want, stdout)
			}
		}
		for _, never := range []string{"temperature", "sampling_seed", "context  ", "/" + programArgument, w.dir} {
			if strings.Contains(stdout, "\n"+never) {
				t.Errorf("%s in\n%s", never, stdout)
			}
		}
	})
	t.Run("check", func(t *testing.T) {
		code, stdout, stderr := w.with(nil, "models", "check", "exec/spans", "--command", commandOf(t, "spans"), "-d", "mini")
		if code != 0 || !strings.Contains(stdout, "program test/spans 1") || !strings.Contains(stdout, "identified by its command") || strings.Contains(stdout, "started") {
			t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
		}
	})
	t.Run("sweep", func(t *testing.T) {
		w.write("plan.toml", "title = \"Queries\"\ndatasets = [\"mini\"]\nnegatives = \"inference\"\n[grid]\nqueries = [\"all\", \"gold\"]\n")
		code, stdout, stderr := w.with(nil, "sweep", "run", "plan.toml", "-q", "--ci", "0", "-m", "exec/spans", "--command", commandOf(t, "spans"))
		if code != 0 || !strings.Contains(stdout, "100.0") {
			t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
		}
	})
	t.Run("bundle", func(t *testing.T) {
		for _, args := range [][]string{
			{"bundle", "create", "--where", "model=exec/two-processes", "--unsigned", "--out", "x.nbz"},
			{"bundle", "verify", "x.nbz"},
		} {
			if code, stdout, stderr := w.with(nil, args...); code != 0 || !strings.Contains(stdout, "identified by its command and the files that the command names: ") {
				t.Errorf("%v: exit code %d\n%s%s", args, code, stdout, stderr)
			}
		}
	})
}

// TestExecBadInput: one line says what is wrong, one what to do, and the store is as it
// was.
func TestExecBadInput(t *testing.T) {
	t.Parallel()
	w := newWorkplace(t, 3, 0)
	w.must("run", "-q", "-m", "exec/spans", "--command", commandOf(t, "spans"), "-d", "mini")
	before := w.dump("results.db")
	for _, tc := range []struct {
		name       string
		args       []string
		code       int
		want, hint string
	}{
		{"no command", []string{"-m", "exec/x"}, exitUsage, "model exec/x: no command", `--command "python3 my_ner.py"`},
		{"no name", []string{"-m", "exec/", "--command", "x"}, exitUsage, `model "exec/": its name is missing: want exec/NAME`, ""},
		{"a quote without end", []string{"-m", "exec/x", "--command", "x 'y"}, exitUsage, "the quote ' has no end", ""},
		{"a shell", []string{"-m", "exec/x", "--command", "x | y"}, exitUsage, "| has no meaning without a shell", "sh -c"},
		{"no program", []string{"-m", "exec/x", "--command", "./no-such-program"}, exitError, "exec/x: ./no-such-program: no such file", "--command names the program"},
		{"dies", []string{"-m", "exec/x", "--command", commandOf(t, "nopackage")}, exitError, "ModuleNotFoundError: No module named 'gliner'", "-m pip install gliner"},
		{"logs", []string{"-m", "exec/x", "--command", commandOf(t, "log")}, exitError, `not a hello: "Loading"`, "print logs to standard error"},
		{"says nothing", []string{"-m", "exec/x", "--timeout", "300ms", "--command", commandOf(t, "silent")}, exitError, "no hello within 300ms", "--timeout gives it more time"},
		{"prompts for spans", []string{"-m", "exec/x", "--family", "uniner", "--command", commandOf(t, "spans")}, exitUsage, "reads no prompts: the prompt family uniner has no effect", "leave out --family"},
		{"no prompts for a language model", []string{"-m", "exec/x", "--command", commandOf(t, "answers")}, exitUsage, "no prompt family is named", "--family json_by_type"},
		{"workers", []string{"-m", "exec/x", "--workers", "-1", "--command", commandOf(t, "spans")}, exitUsage, "--workers -1: want a number from 1", ""},
		{"a card without a program", []string{"-m", "bad", "--models", "cards"}, exitError, "command: only for a model exec/NAME", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w.write("cards/bad.toml", "title = \"x\"\nmodel = \"tagger\"\ncommand = \"x\"\nfamily = \"spans\"\nshape = \"completion\"\n")
			code, stdout, stderr := w.with(nil, append([]string{"run", "-d", "mini"}, tc.args...)...)
			if code != tc.code || stdout != "" || !strings.Contains(stderr, tc.want) || strings.Contains(stderr, "hint:") != (tc.hint != "") || !strings.Contains(stderr, tc.hint) {
				t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
			}
		})
	}
	if after := w.dump("results.db"); after != before {
		t.Errorf("the store has changed:\n%s", after)
	}
}

// TestExecFailures: a passage that ends the program is named and can be asked again; an
// answer that is wrong counts as refused.
func TestExecFailures(t *testing.T) {
	t.Parallel()
	w := newWorkplace(t, 30, 0)
	asking := func(kind, bad string) []string {
		return []string{"run", "-m", "exec/x", "--command", commandOf(t, kind, bad), "-d", "mini", "--workers", "2"}
	}
	code, stdout, stderr := w.with(nil, asking("ends", "Person7")...)
	if code != exitPartial || !strings.Contains(stdout, "29 of 30 passages") || !strings.Contains(stdout, "no more memory (3 attempts)") || !strings.Contains(stderr, "exit code 7: ") || !strings.Contains(stderr, "exec/x, process ") {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	if code, stdout, stderr = w.with(nil, append(asking("ends", "Person7"), "-q")...); code != exitPartial || !strings.Contains(stdout, "29 of 30 passages") {
		t.Fatalf("again: exit code %d\n%s%s", code, stdout, stderr)
	}
	code, stdout, stderr = w.with(nil, asking("outside", "Person7")...)
	if code != 0 || !strings.Contains(stdout, "30 of 30 passages") || !strings.Contains(stderr, "document mini/test/7: the program refused it: the answer is wrong: span 0: offsets 0 to 9999 are outside the text of") {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	code, stdout, stderr = w.with(nil, append(asking("outside", "Person"), "-q")...)
	if code != exitError || !strings.Contains(stderr, "giving up: several passages in a row were refused") || !strings.Contains(stderr, "offsets 0 to 9999 are outside") {
		t.Fatalf("all are wrong: exit code %d\n%s%s", code, stdout, stderr)
	}
}

// TestExecKilledAndContinued: a process that is killed leaves no process of the program;
// the same command asks the rest, and its store is that of a quiet day.
func TestExecKilledAndContinued(t *testing.T) {
	t.Parallel()
	const passages = 400
	w := newWorkplace(t, passages, 0)
	asking := []string{"run", "-m", "exec/spans", "--command", commandOf(t, "recorded"), "--workers", "2", "-d", "mini", "-q", "--store"}
	if code, _, stderr := w.with(nil, append(asking, "calm.db")...); code != 0 {
		t.Fatalf("undisturbed run: exit code %d\n%s", code, stderr)
	}
	kept := 0
	for range 4 { // each time in the middle: the program answers no passage beyond
		last := kept + 50
		w.write("last", fmt.Sprint(last))
		cmd := w.program(append(asking, "killed.db")...)
		if kept = w.killAfterMore(cmd, "killed.db", kept, 0); kept > last+1 {
			t.Fatalf("%d passages are complete, and %d were answered", kept, last+1)
		}
		w.awaitEnd("processes")
	}
	w.write("last", fmt.Sprint(passages))
	code, stdout, stderr := w.with(nil, append(asking, "killed.db")...)
	if code != 0 || kept == 0 || kept >= passages || strings.Contains(stdout, "asked now 0,") {
		t.Fatalf("%d kept: exit code %d\n%s%s", kept, code, stdout, stderr)
	}
	if calm, killed := w.dump("calm.db"), w.dump("killed.db"); calm != killed {
		t.Error("the stores differ")
	}
	t.Logf("%d of %d passages were complete after four kills", kept, passages)
}

// TestExecStartsOnce: a command over several datasets starts the program once, and again
// only after a failure; the runs are those of one command for each dataset.
func TestExecStartsOnce(t *testing.T) {
	t.Parallel()
	w := newWorkplace(t, 9, 0)
	datasets := w.three(1)
	writeSSHKey(t, filepath.Join(w.dir, "key"))
	w.write("plan.toml", "title = \"Queries\"\ndatasets = [\"mini-a\", \"mini-b\"]\nnegatives = \"inference\"\n[grid]\nqueries = [\"all\", \"gold\"]\n")
	for _, tc := range []struct {
		name   string
		args   []string
		code   int
		starts int
	}{
		{"each alone", nil, 0, 3},
		{"all", append([]string{"run", "--store", "all.db", "--command", commandOf(t, "recorded")}, datasets...), 0, 1},
		{"all again", append([]string{"run", "--store", "all.db", "--command", commandOf(t, "recorded")}, datasets...), 0, 1},
		{"two processes", append([]string{"run", "--store", "two.db", "--workers", "2", "--command", commandOf(t, "recorded")}, datasets...), 0, 2},
		// The passage of the second dataset ends the process that has answered the first, then
		// three that are asked nothing else; a fresh process for the third.
		{"a failure", append([]string{"run", "--store", "failed.db", "--command", commandOf(t, "recorded", "Person1")}, datasets...), exitPartial, 5},
		{"an attestation", []string{"bundle", "attest", "x.nbz", "--spot", "3", "--key", "key", "--command", commandOf(t, "recorded")}, 0, 1},
		{"a sweep", []string{"sweep", "run", "plan.toml", "--ci", "0", "--store", "sweep.db", "--command", commandOf(t, "recorded")}, 0, 1},
	} {
		w.write("processes", "")
		if tc.args == nil {
			for i := range 3 {
				w.must("run", "-q", "-m", "exec/x", "--store", "each.db", "--command", commandOf(t, "recorded"), "-d", datasets[2*i+1])
			}
			w.must("bundle", "create", "--store", "each.db", "--where", "model=exec/x", "--unsigned", "--out", "x.nbz")
		} else if code, stdout, stderr := w.with(nil, append(tc.args, "-m", "exec/x")...); code != tc.code {
			t.Fatalf("%s: exit code %d\n%s%s", tc.name, code, stdout, stderr)
		}
		w.awaitEnd("processes")
		text, err := os.ReadFile(filepath.Join(w.dir, "processes"))
		if starts := len(strings.Fields(string(text))); err != nil || starts < 1 || starts > tc.starts || tc.name != "two processes" && starts != tc.starts {
			t.Errorf("%s: %d starts, want %d, %v", tc.name, starts, tc.starts, err)
		}
	}
	if w.dump("each.db") != w.dump("all.db") {
		t.Error("the stores differ")
	}
}

// TestExecInterrupted: the exit code of an interrupt, and no process of the program that
// hangs.
func TestExecInterrupted(t *testing.T) {
	t.Parallel()
	w := newWorkplace(t, 10, 0)
	cmd := w.program("run", "-q", "-m", "exec/x", "--command", commandOf(t, "hangs"), "-d", "mini")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for range 3000 {
		if _, err := os.Stat(filepath.Join(w.dir, "processes")); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // the exit code tells
	if code := cmd.ProcessState.ExitCode(); code != exitInterrupted {
		t.Errorf("exit code %d", code)
	}
	w.awaitEnd("processes")
}

// awaitEnd waits until the processes whose numbers a file has are gone.
func (w *workplace) awaitEnd(file string) {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(w.dir, file))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, line := range strings.Fields(string(text)) {
		pid, err := strconv.Atoi(line)
		if err != nil {
			w.t.Fatal(err)
		}
		for n := 0; !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH); n++ {
			if n == 3000 {
				w.t.Fatalf("process %d of the program still runs", pid)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
}
