package ollamatest

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
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
}

// startLimit bounds the start, which takes a second on an idle machine.
const startLimit = 5 * time.Minute

// Start runs the server whose binary NERBENCH_OLLAMA names, on a free port, with
// an empty folder of models. It ends with the test. Without the variable the
// test is skipped.
func Start(t testing.TB) *Server {
	t.Helper()
	binary := os.Getenv("NERBENCH_OLLAMA")
	if binary == "" {
		reference.Skip(t, "no Ollama server: NERBENCH_OLLAMA is not set (.ci/ollama-server builds the server)")
	}
	home := t.TempDir()
	s := &Server{Host: reference.FreeAddress(t), binary: binary}
	s.env = append(os.Environ(), "OLLAMA_HOST="+s.Host, "OLLAMA_MODELS="+filepath.Join(home, "models"), "HOME="+home)
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
	modelfile := filepath.Join(t.TempDir(), "Modelfile")
	if err := os.WriteFile(modelfile, fmt.Appendf(nil, "FROM %s\nPARAMETER num_thread 1\n", gguf), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(s.binary, "create", name, "-f", modelfile)
	cmd.Env = s.env
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("create %s: %v\n%s", name, err, out)
	}
}
