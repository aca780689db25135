package ollamatest

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"nerbench/internal/reference"
)

// Server is a real server that a test started.
type Server struct {
	// Host is the address of the server, in the format of OLLAMA_HOST.
	Host   string
	binary string
	env    []string
	pid    int
}

// startLimit bounds the start, which takes a second on an idle machine.
const startLimit = 5 * time.Minute

// Start runs the server whose binary NERBENCH_OLLAMA names, on a free port, with
// an empty folder of models and further variables of the environment. It ends with the
// test. Without the variable the test is skipped.
func Start(t testing.TB, env ...string) *Server {
	t.Helper()
	binary := os.Getenv("NERBENCH_OLLAMA")
	if binary == "" {
		reference.Skip(t, "no Ollama server: NERBENCH_OLLAMA is not set (.ci/ollama-server builds the server)")
	}
	home := t.TempDir()
	s := &Server{Host: reference.FreeAddress(t), binary: binary}
	s.env = append(os.Environ(), "OLLAMA_HOST="+s.Host, "OLLAMA_MODELS="+filepath.Join(home, "models"), "HOME="+home)
	s.env = append(s.env, env...)
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, binary, "serve")
	cmd.Env = s.env
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute
	log, err := os.Create(filepath.Join(home, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.pid = cmd.Process.Pid
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // the error is that of the interrupt
		log.Close()
	})
	for limit := time.Now().Add(startLimit); time.Now().Before(limit); {
		if response, err := http.Get("http://" + s.Host + "/api/version"); err == nil {
			response.Body.Close()
			return s
		}
		time.Sleep(100 * time.Millisecond)
	}
	text, _ := os.ReadFile(log.Name())
	t.Fatalf("the server did not start within %v:\n%s", startLimit, text)
	return nil
}

// Create makes a model of a GGUF file. It is computed by one thread: several wait for
// each other without sleep, and are slow on a busy machine.
func (s *Server) Create(t testing.TB, name, gguf string) {
	t.Helper()
	s.CreateFor(t, name, gguf, 1)
}

// CreateFor is [Server.Create] for a number of threads.
func (s *Server) CreateFor(t testing.TB, name, gguf string, threads int) {
	t.Helper()
	modelfile := filepath.Join(t.TempDir(), "Modelfile")
	if err := os.WriteFile(modelfile, fmt.Appendf(nil, "FROM %s\nPARAMETER num_thread %d\n", gguf, threads), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(s.binary, "create", name, "-f", modelfile)
	cmd.Env = s.env
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("create %s: %v\n%s", name, err, out)
	}
}

// Processor is the processor time of the server and its children. It is known on Linux
// only.
func (s *Server) Processor(t testing.TB) time.Duration {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(files) == 0 {
		reference.Skip(t, "no processor times of processes")
	}
	type process struct{ parent, ticks int }
	all := map[int]process{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		pid, _, _ := strings.Cut(string(text), " ")
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		number := func(i int) int {
			n, _ := strconv.Atoi(fields[i])
			return n
		}
		id, _ := strconv.Atoi(pid)
		all[id] = process{number(1), number(11) + number(12)} // ppid, utime and stime
	}
	ticks := 0
	for id, p := range all {
		for up := id; up > 1; up = all[up].parent {
			if up == s.pid {
				ticks += p.ticks
				break
			}
		}
	}
	return time.Duration(ticks) * time.Second / 100 // USER_HZ
}
