//go:build unix

package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"nerbench/internal/campaign"
	"nerbench/results"
)

// disturbed is a command that is disturbed while it writes, in a folder that is prepared.
type disturbed struct {
	name    string
	prepare func(w *workplace)
	args    []string // RUN and OTHER are the runs of the store
	// then are further commands after it.
	then [][]string
	// again is what the command may print if it is given again although it has done its
	// work.
	again string
	// reads is a command that reads what the disturbed one writes: it must fail, or print
	// what it prints before or after the command.
	reads []string
	// says is how that command marks work that is half done; it may print such a line.
	says string
	// timed: files have times, so that their numbers are not compared.
	timed bool
}

// disturbedCommands are the commands that write, but for run: TestKilledAtAnyMoment.
func disturbedCommands() []disturbed {
	verify := []string{"datasets", "verify", "texts", "-q"}
	export := []string{"runs", "export", "RUN", "--what", "completions"}
	return []disturbed{
		{name: "sweep run", prepare: (*workplace).planned, args: []string{"sweep", "run", "plan.toml", "-m", "ollama/tiny", "-q", "--ci", "1000", "--out", "out"}, timed: true},
		{name: "score", prepare: (*workplace).answered, args: []string{"score", "--all", "-q", "--metric", "span_f1[align=first],paper_partial_f1"}, reads: export},
		{name: "import", prepare: (*workplace).predicted, args: []string{"import", "predictions.jsonl", "--model", "other", "-d", "mini", "-q"}, reads: []string{"runs", "list"}, says: "not scored"},
		{name: "runs rm", prepare: (*workplace).answered, args: []string{"runs", "rm", "RUN"}, then: [][]string{{"runs", "rm", "OTHER"}}, again: "no such run"},
		{name: "runs export", prepare: (*workplace).answered, args: []string{"runs", "export", "--what", "store", "--out", "copy.db"}, reads: append(export, "--store", "copy.db")},
		{name: "store recover", prepare: (*workplace).answered, args: []string{"store", "recover", "--into", "copy.db"}, reads: append(export, "--store", "copy.db")},
		{name: "merge", prepare: (*workplace).halved, args: []string{"merge", "results.db", "other.db", "--into", "copy.db"}, reads: append(export, "--store", "copy.db")},
		{name: "runs errors", prepare: (*workplace).answered, args: []string{"runs", "errors", "RUN", "--out", "errors.html"}, timed: true},
		{name: "site build", prepare: (*workplace).answered, args: []string{"site", "build", "-q", "--out", "site"}, timed: true},
		{name: "paper", prepare: (*workplace).answered, args: []string{"paper", "all", "-q", "--out", "paper"}},
		{name: "quickstart", prepare: func(*workplace) {}, args: []string{"quickstart", "-q"}, timed: true},
		{name: "datasets fetch", prepare: (*workplace).servedFiles, args: []string{"datasets", "fetch", "texts", "-q"}, reads: verify},
		{name: "datasets import", prepare: (*workplace).released, args: []string{"datasets", "import", "texts", "release", "-q"}, reads: verify},
		{name: "another import", prepare: (*workplace).releasedAgain, args: []string{"datasets", "import", "texts", "release", "-q"}, reads: verify},
	}
}

// planned has a sweep.
func (w *workplace) planned() {
	w.write("plan.toml", "title = \"Lines\"\ndatasets = [\"mini\"]\n[grid]\nvariant = [\"repo\", \"repo+nl\"]\n")
}

// answered has a store with two runs.
func (w *workplace) answered() {
	w.must("run", "-m", "ollama/tiny", "-d", "mini", "-q", "--probe", "0")
	w.must("run", "-m", "ollama/tiny", "-d", "mini", "-q", "--probe", "0", "--variant", "repo+nl")
}

// predicted has a store with two runs, and predictions to import.
func (w *workplace) predicted() {
	w.answered()
	w.write("predictions.jsonl", w.must("runs", "export", "--what", "predictions", w.withRuns([]string{"RUN"})[0]))
}

// halved has two stores, each with a part of one run, and one of them with another run.
func (w *workplace) halved() {
	w.answered()
	w.must("run", "-m", "ollama/tiny", "-d", "mini", "-q", "--probe", "0", "--shard", "2/2", "--store", "other.db")
}

// textsDataset is a dataset of many small files.
var textsDataset = strings.NewReplacer(`"plain"`, `"texts"`, `["conll"]`, `["brat"]`, `"tokens"`, `"code points"`, `"conll"`, `"brat"`,
	`"sentence"`, `"document"`, `"test.tsv" }]`, `"texts/*" }]`, `files = "test.tsv"`, "").Replace(regexp.MustCompile(`(?s)\[conll\].*?\[\[set`).ReplaceAllString(fetchDataset, "[[set"))

const textFiles = 40

// writeRelease writes a release of the texts below a folder.
func (w *workplace) writeRelease(folder, person string) {
	for i := range textFiles {
		w.write(fmt.Sprintf("%s/texts/%d.txt", folder, i), person+" left.\n")
		w.write(fmt.Sprintf("%s/texts/%d.ann", folder, i), fmt.Sprintf("T1\tPER 0 %d\t%s\n", len(person), person))
	}
}

// released has a release to import.
func (w *workplace) released() {
	w.write("datasets/texts.toml", textsDataset)
	w.writeRelease("release", "Mira")
}

// releasedAgain has imported a release, and has another one.
func (w *workplace) releasedAgain() {
	w.released()
	w.must("datasets", "import", "texts", "release", "-q")
	w.writeRelease("release", "Anna Maria")
}

// servedFiles has a server with several files.
func (w *workplace) servedFiles() {
	var names, paths []string
	for i := range 10 {
		name := fmt.Sprintf("%d.tsv", i)
		w.write("served/"+name, strings.Repeat("Mira\tB-PER\nleft\tO\n\n", 2000))
		names, paths = append(names, name), append(paths, fmt.Sprintf("{ path = %q }", name))
	}
	files := httptest.NewServer(http.FileServer(http.Dir(filepath.Join(w.dir, "served"))))
	w.t.Cleanup(files.Close)
	w.write("datasets/texts.toml", strings.NewReplacer(`"plain"`, `"texts"`, "SERVER", files.URL, `files = "test.tsv"`, fmt.Sprintf("files = %q", strings.Join(names, ", ")),
		`{ path = "test.tsv" }`, strings.Join(paths, ", ")).Replace(fetchDataset))
}

// must runs the program, which must succeed, and returns its output.
func (w *workplace) must(args ...string) string {
	w.t.Helper()
	code, out := w.run(args...)
	if code != 0 {
		w.t.Fatalf("%s: exit code %d\n%s", strings.Join(args, " "), code, out)
	}
	return out
}

// copied is a copy of the folder, with the same server.
func (w *workplace) copied() *workplace {
	w.t.Helper()
	c := &workplace{t: w.t, dir: w.t.TempDir(), fake: w.fake, times: map[string]int{}}
	if err := os.CopyFS(c.dir, os.DirFS(w.dir)); err != nil {
		w.t.Fatal(err)
	}
	return c
}

// temporary are files that a command leaves if it is killed, and that nothing reads; and
// files that differ each time.
var temporary = regexp.MustCompile(`-wal$|-shm$|-journal$|\.new-[0-9a-f]{8}(\.old)?(/|$)|\.lock$|\.unfinished|^data/\.(fetch|import)|\.nerbench-import\.jsonl$`)

var digits = regexp.MustCompile("[0-9]+")

// content is what the folder has: for each file its checksum, for a store its dump.
func (d *disturbed) content(w *workplace) map[string]string {
	w.t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(w.dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || temporary.MatchString(name) {
			return err
		}
		b, err := os.ReadFile(filepath.Join(w.dir, name))
		if d.timed && name != "results.db" {
			b = digits.ReplaceAll(b, []byte("0"))
		}
		files[name] = fmt.Sprintf("%d bytes, %x", len(b), sha256.Sum256(b))
		if strings.HasSuffix(name, ".db") {
			files[name], _ = w.dumped(name)
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return files
}

// withRuns puts the ids of the two runs of a store into a command.
func (w *workplace) withRuns(args []string) []string {
	if !slices.Contains(args, "RUN") && !slices.Contains(args, "OTHER") {
		return args
	}
	s, err := results.Open(w.t.Context(), filepath.Join(w.dir, "results.db"), results.Existing)
	if err != nil {
		w.t.Fatal(err)
	}
	defer s.Close()
	runs, err := s.Runs(w.t.Context(), nil)
	if err != nil || len(runs) != 2 {
		w.t.Fatalf("%d runs, %v", len(runs), err)
	}
	out := slices.Clone(args)
	for i := range out {
		switch out[i] {
		case "RUN":
			out[i] = runs[0].ID
		case "OTHER":
			out[i] = runs[1].ID
		}
	}
	return out
}

// calm is a command that was not disturbed.
type calm struct {
	before, after         map[string]string
	readBefore, readAfter string
	took                  time.Duration
	asked                 int
}

// undisturbed runs a command to its end. The runs must be named.
func (d *disturbed) undisturbed(w *workplace) (c calm) {
	c.before = d.content(w)
	c.readBefore = d.read(w)
	asked, start := w.fake.Asked(), time.Now()
	w.must(d.args...)
	c.took, c.asked = time.Since(start), w.fake.Asked()-asked
	for _, args := range d.then {
		w.must(args...)
	}
	c.after = d.content(w)
	c.readAfter = d.read(w)
	if maps.Equal(c.before, c.after) {
		w.t.Fatalf("%s writes nothing", d.name)
	}
	return c
}

// read is what the reading command prints; empty if it fails.
func (d *disturbed) read(w *workplace) string {
	if d.reads == nil {
		return ""
	}
	if code, out := w.run(d.reads...); code == 0 {
		return out
	}
	return ""
}

// named puts the ids of the runs into the commands.
func (d disturbed) named(w *workplace) disturbed {
	d.args, d.reads = w.withRuns(d.args), w.withRuns(d.reads)
	then := slices.Clone(d.then)
	for i := range then {
		then[i] = w.withRuns(then[i])
	}
	d.then = then
	return d
}

// TestKilledCommands kills each command that writes, at random moments and between two
// writes. What it leaves must be whole, or have no final name, and not be taken as whole.
// The same command given again must do the rest, ask nothing that was kept, and end with
// the files of an undisturbed command.
func TestKilledCommands(t *testing.T) {
	for _, d := range disturbedCommands() {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			c := campaign.Start(t, campaign.Size{Short: 2, Full: 60})
			base := newWorkplace(t, 60, time.Millisecond)
			d.prepare(base)
			d := d.named(base)
			want := d.undisturbed(base.copied())
			for range c.Tries {
				d.killed(c, base.copied(), want)
				if t.Failed() {
					return
				}
			}
		})
	}
}

// killed kills a command up to three times, and gives it again.
func (d *disturbed) killed(c *campaign.Campaign, w *workplace, want calm) {
	t := w.t
	t.Helper()
	defer os.RemoveAll(w.dir)
	var kept int
	for range 1 + c.Random.IntN(3) {
		cmd := w.program(d.args...)
		var output bytes.Buffer
		cmd.Stdout, cmd.Stderr = &output, &output
		if w.killSomewhere(c, cmd, want.took) {
			c.Saw(1, "kills")
		} else if cmd.ProcessState.ExitCode() != 0 && (d.again == "" || !strings.Contains(output.String(), d.again)) && !d.done(d.content(w), want) {
			t.Errorf("exit code %d\n%s", cmd.ProcessState.ExitCode(), output.String())
		}
		now := d.left(w, want)
		if _, ok := now["results.db"]; ok && want.asked > 0 {
			if _, answers := w.dumped("results.db"); answers < kept {
				t.Errorf("%d answers were kept, and %d are there", kept, answers)
			} else {
				kept = answers
			}
		}
	}
	asked := w.fake.Asked()
	if !d.done(d.content(w), want) {
		if code, out := w.run(d.args...); code != 0 && (d.again == "" || !strings.Contains(out, d.again)) {
			t.Errorf("given again: exit code %d\n%s", code, out)
		}
		for _, args := range d.then {
			w.must(args...)
		}
	}
	if n := w.fake.Asked() - asked; n > want.asked-kept {
		t.Errorf("%d queries were sent, but %d of %d answers were kept", n, kept, want.asked)
	}
	if got := d.content(w); !d.done(got, want) {
		t.Errorf("the files differ from those of the undisturbed command:\n%s", difference(got, want.after))
	}
}

// left checks what a command left that did not end: whole files, and nothing that is read
// as a whole.
func (d *disturbed) left(w *workplace, want calm) map[string]string {
	w.t.Helper()
	now := d.content(w)
	for name, content := range now {
		if content != want.before[name] && content != want.after[name] && filepath.Ext(name) != ".db" {
			w.t.Errorf("%s has neither the content before nor that after the command: %s", name, content)
		}
	}
	out := d.read(w)
	marked := d.says != "" && strings.Contains(out, d.says)
	if out != "" && out != want.readBefore && out != want.readAfter && !marked {
		w.t.Errorf("half of it is read: %s:\n%s\nwant\n%s", strings.Join(d.reads, " "), head(out), head(want.readAfter))
	}
	return now
}

// done reports whether the command has done its work.
func (d *disturbed) done(content map[string]string, want calm) bool {
	return maps.Equal(content, want.after)
}

func difference(got, want map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got[name] != want[name] {
			fmt.Fprintf(&b, "%s: %s\nwant %s\n", name, head(got[name]), head(want[name]))
		}
	}
	for name := range got {
		if want[name] == "" {
			fmt.Fprintf(&b, "%s: unexpected\n", name)
		}
	}
	return b.String()
}

// killSomewhere starts a process and kills it: after a random time, or after it has
// changed its folder some times. It reports whether the process was killed before its
// end.
func (w *workplace) killSomewhere(c *campaign.Campaign, cmd *exec.Cmd, took time.Duration) bool {
	w.t.Helper()
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // it was killed, or was done before
		close(ended)
	}()
	changes, after := c.Random.IntN(2)*(1+c.Random.IntN(1<<c.Random.IntN(7))), time.Duration(c.Random.Int64N(int64(took)*5/4+1))
	if changes > 0 {
		w.awaitChanges(cmd.Process, changes, ended)
		after = 0
	}
	select {
	case <-time.After(after):
	case <-ended:
	}
	_ = cmd.Process.Kill() // it may be done
	<-ended
	w.fake.Settle(w.t)
	return !cmd.ProcessState.Exited()
}

// awaitChanges waits until files of the folder were created, renamed, removed or written
// so often, or the process has ended. The process stands still while the folder is read,
// so that it does not end before.
func (w *workplace) awaitChanges(process *os.Process, n int, ended <-chan struct{}) {
	seen := ""
	for changes := -1; changes < n; {
		_ = process.Signal(syscall.SIGSTOP) // it may be done
		now := w.listing()
		if now != seen {
			seen = now
			changes++
		}
		if changes == n {
			return // it is killed as it stands
		}
		_ = process.Signal(syscall.SIGCONT)
		select {
		case <-ended:
			return
		case <-time.After(50 * time.Microsecond):
		}
	}
}

// listing is the names and sizes of the files.
func (w *workplace) listing() string {
	var b strings.Builder
	_ = fs.WalkDir(os.DirFS(w.dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // it was removed
		}
		if info, err := d.Info(); err == nil {
			fmt.Fprintln(&b, name, info.Size(), info.ModTime().UnixNano())
		}
		return nil
	})
	return b.String()
}
