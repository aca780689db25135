package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"nerbench/internal/campaign"
	"nerbench/internal/reference"
	"nerbench/internal/tinymodel"
	"nerbench/runners/local/llamacpp"
)

// llamaLibrary is the folder of a kind of llama.cpp (cpu, vulkan), or the one that
// NERBENCH_LLAMA_LIB names; without it the test is skipped.
func llamaLibrary(t *testing.T, kind string) string {
	t.Helper()
	if dir := os.Getenv("NERBENCH_LLAMA_LIB"); dir != "" && kind == "cpu" {
		return dir
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := llamacpp.CacheFolder(cache, kind)
	if _, err := llamacpp.Find(dir, ""); err != nil {
		reference.Skip(t, err.Error())
	}
	return dir
}

// tinyModel writes a model of random weights into the workplace.
func (w *workplace) tinyModel(name string) []byte {
	w.t.Helper()
	var b bytes.Buffer
	if err := tinymodel.Write(&b, 1); err != nil {
		w.t.Fatal(err)
	}
	w.write(name, b.String())
	return b.Bytes()
}

// with runs the program to its end with variables of the environment.
func (w *workplace) with(env []string, args ...string) (code int, stdout, stderr string) {
	w.t.Helper()
	cmd := w.program(args...)
	cmd.Env = append(cmd.Env, env...)
	return w.finish(cmd)
}

func (w *workplace) finish(cmd *exec.Cmd) (code int, stdout, stderr string) {
	w.t.Helper()
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		w.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), complaints.String()
}

// TestGGUFBadInput: one line says what is wrong, one what to do, and the store is
// as it was.
func TestGGUFBadInput(t *testing.T) {
	library := llamaLibrary(t, "cpu")
	w := newWorkplace(t, 3, 0)
	whole := w.tinyModel("models/tiny.gguf")
	patched := func(old, new string) string { return strings.Replace(string(whole), old, new, 1) }
	length := func(n string) string { return "llama.context_length\x04\x00\x00\x00" + n }
	w.write("models/text.gguf", "hello")
	w.write("models/header.gguf", string(whole[:4000]))
	w.write("models/weights.gguf", string(whole[:len(whole)-2000]))
	w.write("models/novel.gguf", patched("\x05\x00\x00\x00\x00\x00\x00\x00llama", "\x05\x00\x00\x00\x00\x00\x00\x00novel"))
	w.write("models/long.gguf", patched(length("\x00\x08\x00\x00"), length("\x00\x00\x40\x00")))
	w.write("empty/readme", "no library here")
	otherBuild(t, library, filepath.Join(w.dir, "other"))
	asking := []string{"run", "-d", "mini", "--set", "max_tokens=8"}
	code, _, stderr := w.with([]string{"NERBENCH_LLAMA_LIB=" + library}, append(asking, "-q", "-m", "gguf/models/tiny.gguf")...)
	if code != 0 {
		t.Fatalf("a good file: exit code %d\n%s", code, stderr)
	}
	before := w.dump("results.db")
	for _, tc := range []struct {
		name, model, library string
		args                 []string
		memory               int // MiB of address space; 0: no limit
		text, hint           string
	}{
		{name: "no such file", model: "models/nosuch.gguf", text: "no such file", hint: "gguf/PATH"},
		{name: "no GGUF", model: "models/text.gguf", text: "not a GGUF file", hint: "reads GGUF files only"},
		{name: "cut header", model: "models/header.gguf", text: "header: unexpected EOF", hint: "download it again"},
		{name: "cut weights", model: "models/weights.gguf", text: "corrupted or incomplete", hint: "download it again"},
		{name: "unknown architecture", model: "models/novel.gguf", text: "unknown model architecture: 'novel'", hint: "does not support it"},
		{name: "no library", model: "models/tiny.gguf", library: "empty", text: "library: empty: no file libllama.so", hint: "make llama-libs"},
		{name: "library of another build", model: "models/tiny.gguf", library: "other", text: "is another build: ggml 0.25.1 0000000", hint: "make llama-libs"},
		{name: "context beyond the model's", model: "models/tiny.gguf", args: []string{"--context", "4096"}, text: "the model was trained for 2048", hint: "omit --context"},
		{name: "no GPU", model: "models/tiny.gguf", args: []string{"--gpu-layers", "2"}, text: "finds no GPU", hint: "doctor"},
		{name: "out of memory", model: "models/long.gguf", args: []string{"--context", "4194304"}, memory: 3000, text: "not enough memory for", hint: "--context"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.library == "" {
				tc.library = library
			}
			cmd := w.program(append(append(asking, "-m", "gguf/"+tc.model), tc.args...)...)
			if tc.memory > 0 {
				sh := fmt.Sprintf("ulimit -v %d && exec \"$0\" \"$@\"", tc.memory<<10)
				cmd.Args = append([]string{"sh", "-c", sh, cmd.Path}, cmd.Args[1:]...)
				cmd.Path = "/bin/sh"
			}
			cmd.Env = append(cmd.Env, "NERBENCH_LLAMA_LIB="+tc.library)
			code, stdout, stderr := w.finish(cmd)
			lines := strings.Split(strings.TrimSpace(stderr), "\n")
			if code != exitError || stdout != "" || len(lines) != 2 || !strings.Contains(lines[0], tc.text) || !strings.HasPrefix(lines[1], "nerbench: hint: ") || !strings.Contains(lines[1], tc.hint) {
				t.Errorf("exit code %d\n%s%s\nwant one line with %q and a hint with %q", code, stdout, stderr, tc.text, tc.hint)
			}
			if after := w.dump("results.db"); after != before {
				t.Errorf("the store has changed:\n%s", after)
			}
		})
	}
}

// otherBuild copies the library and makes it say that it is another one.
func otherBuild(t *testing.T, library, dir string) {
	t.Helper()
	if err := os.CopyFS(dir, os.DirFS(library)); err != nil { // links become links of the same names
		t.Fatal(err)
	}
	file := filepath.Join(dir, "libggml-base.so")
	code, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	code = bytes.ReplaceAll(code, []byte("0ad4a86"), []byte("0000000"))
	if err := os.WriteFile(file, code, 0o755); err != nil {
		t.Fatal(err)
	}
}

// TestGGUFKilledAndContinued: a process that is killed again and again, and given
// the same command, asks the rest and keeps what it had.
func TestGGUFKilledAndContinued(t *testing.T) {
	t.Parallel()
	// One thread: those of the library wait for each other without sleep, and would
	// be slow beside other tests.
	c := campaign.Start(t, campaign.Size{Short: 6, Full: 60})
	passages := 10 * c.Tries
	env := []string{"NERBENCH_LLAMA_LIB=" + llamaLibrary(t, "cpu")}
	w := newWorkplace(t, passages, 0)
	w.tinyModel("tiny.gguf")
	asking := []string{"run", "-m", "gguf/tiny.gguf", "-d", "mini", "-q", "--set", "max_tokens=24", "--threads", "1", "--store"}
	if code, _, stderr := w.with(env, append(asking, "calm.db")...); code != 0 {
		t.Fatalf("undisturbed run: exit code %d\n%s", code, stderr)
	}
	kept := 0
	for range c.Tries {
		cmd := w.program(append(asking, "killed.db")...)
		cmd.Env = append(cmd.Env, env...)
		kept = w.killAfterMore(cmd, "killed.db", kept, time.Duration(c.Random.IntN(50))*time.Millisecond)
	}
	code, stdout, stderr := w.with(env, append(asking, "killed.db")...)
	m := regexp.MustCompile(`asked now (\d+), cached (\d+)`).FindStringSubmatch(stdout)
	if code != 0 || m == nil || !strings.Contains(stdout, fmt.Sprintf("%d of %d passages", passages, passages)) {
		t.Fatalf("continued run: exit code %d\n%s%s", code, stdout, stderr)
	}
	if asked, _ := strconv.Atoi(m[1]); asked > 2*(passages-kept) {
		t.Errorf("%d questions are asked, but only %d passages were open", asked, passages-kept)
	}
	calm, killed := lines(w.dump("calm.db")), lines(w.dump("killed.db"))
	different := 0
	for line := range calm {
		if !killed[line] {
			different++
		}
	}
	// What shares a batch may change the last bit of a sum, and so, in a model of
	// random weights, the next token: rarely.
	if len(calm) != len(killed) || different > len(calm)/10 {
		t.Errorf("%d of %d lines of the stores differ (%d lines)", different, len(calm), len(killed))
	}
	c.Saw(kept, "passages were complete at the last kill")
	c.Saw(different, "lines of the store differ from the undisturbed run")
}

func lines(s string) map[string]bool {
	set := map[string]bool{}
	for line := range strings.Lines(s) {
		set[line] = true
	}
	return set
}

// TestGGUFSweep: a sweep over the dataset line and the wording, with three seeds, is
// killed, continued, and gives table and chart.
func TestGGUFSweep(t *testing.T) {
	t.Parallel()
	env := []string{"NERBENCH_LLAMA_LIB=" + llamaLibrary(t, "cpu")}
	w := newWorkplace(t, 16, 0)
	w.tinyModel("tiny.gguf")
	w.write("plan.toml", `title = "Line and wording"
datasets = ["mini"]
seeds = [0, 1, 2]
[fixed]
model = "gguf/tiny.gguf"
max_tokens = 12
order = "shuffle:document"
[grid]
variant = ["repo", "repo+nl"]
wording = ["natural", "upper"]
`)
	sweep := func(command string, args ...string) []string {
		return append([]string{"sweep", command, "plan.toml", "--threads", "1"}, args...)
	}
	code, planned, stderr := w.with(env, sweep("plan")...)
	if code != 0 || !strings.Contains(planned, "4 points, 12 runs") || !strings.Contains(planned, "the sweep takes about") {
		t.Fatalf("plan: exit code %d\n%s%s", code, planned, stderr)
	}
	kept := 0
	for range 3 {
		cmd := w.program(sweep("run", "-q")...)
		cmd.Env = append(cmd.Env, env...)
		kept = w.killAfterMore(cmd, "results.db", kept, 0)
	}
	code, table, stderr := w.with(env, sweep("run", "-q", "--ci", "1000", "--out", "out")...)
	if code != 0 {
		t.Fatalf("exit code %d\n%s%s", code, table, stderr)
	}
	for _, want := range []string{"variant", "wording", "sd of seeds", "baseline", "repo+nl", "p (Holm)"} {
		if !strings.Contains(table, want) {
			t.Errorf("no %q in\n%s", want, table)
		}
	}
	if _, status, _ := w.with(env, sweep("status", "--ci", "1000")...); status != table {
		t.Errorf("status prints\n%s\nnot\n%s", status, table)
	}
	if _, after, _ := w.with(env, sweep("plan", "--probe", "0")...); !strings.Contains(after, " 0 to send") {
		t.Errorf("plan after the run:\n%s", after)
	}
	for _, name := range []string{"plan.svg", "plan.html", "plan.csv", "plan.tex", "plan.md", "plan.json", "plan.txt"} {
		if b, err := os.ReadFile(filepath.Join(w.dir, "out", name)); err != nil || len(b) == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
