//go:build unix

package vllmtest

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"nerbench/internal/reference"
)

// Server is a real server that a test started.
type Server struct {
	URL   string
	Model string // name of the model on the server
}

// startLimit bounds the start, which takes a minute or two on an idle machine.
const startLimit = 20 * time.Minute

// Start runs the server that is installed beside the Python that NERBENCH_VLLM
// names, with a model folder, on a free port. It ends with the test. Without the
// variable the test is skipped.
func Start(t testing.TB, folder string, flags ...string) *Server {
	t.Helper()
	python := os.Getenv("NERBENCH_VLLM")
	if python == "" {
		reference.Skip(t, "no vLLM server: NERBENCH_VLLM is not set (.ci/vllm-server installs the server)")
	}
	home := t.TempDir()
	address := reference.FreeAddress(t)
	_, port, _ := bytes.Cut([]byte(address), []byte(":"))
	s := &Server{URL: "http://" + address, Model: filepath.Base(folder)}
	// The server caches whole blocks of tokens; the CPU build needs a multiple of 32.
	args := append([]string{
		"serve", folder, "--served-model-name", s.Model, "--host", "127.0.0.1", "--port", string(port),
		"--enforce-eager", "--dtype", "float32", "--block-size", "32", "--shutdown-timeout", "5",
	}, flags...)
	cmd := exec.Command(filepath.Join(filepath.Dir(python), "vllm"), args...)
	cmd.Env = append(os.Environ(), "HF_HUB_OFFLINE=1", "VLLM_NO_USAGE_STATS=1", "DO_NOT_TRACK=1", "VLLM_CPU_KVCACHE_SPACE=1",
		"VLLM_CACHE_ROOT="+filepath.Join(home, "cache"), "HF_HOME="+filepath.Join(home, "hf"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // the server has three processes
	log, err := os.Create(filepath.Join(home, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // the error is that of the signal
		close(ended)
	}()
	t.Cleanup(func() {
		defer log.Close()
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(2 * time.Minute):
		}
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // the remaining processes
		<-ended
	})
	key := ""
	if i := slices.Index(flags, "--api-key"); i >= 0 {
		key = flags[i+1]
	}
	s.await(t, ended, log.Name(), key)
	return s
}

// await waits for a first token, because /health succeeds before an answer is possible.
func (s *Server) await(t testing.TB, ended <-chan struct{}, log, key string) {
	t.Helper()
	for limit := time.Now().Add(startLimit); time.Now().Before(limit); {
		select {
		case <-ended:
			t.Fatalf("the server ended: %s", tail(log))
		case <-time.After(500 * time.Millisecond):
		}
		body := fmt.Sprintf(`{"model": %q, "prompt": "a", "max_tokens": 1}`, s.Model)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/v1/completions", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		if key != "" {
			request.Header.Set("Authorization", "Bearer "+key)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			continue
		}
		response.Body.Close()
		if response.StatusCode == http.StatusOK {
			return
		}
	}
	t.Fatalf("the server did not start within %v: %s", startLimit, tail(log))
}

// tail is the end of a log.
func tail(name string) string {
	text, err := os.ReadFile(name)
	if err != nil {
		return err.Error()
	}
	return string(text[max(len(text)-3000, 0):])
}
