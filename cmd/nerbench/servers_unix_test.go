//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"nerbench/internal/campaign"
	"nerbench/runners/runnertest/faults"
	"nerbench/runners/vllm/vllmtest"
)

// TestHostileServers runs the program against hostile servers, as a process of its own. It
// ends by itself, with an exit code of the table, one error, and bounded memory, and does
// not print the key. The store stays whole.
func TestHostileServers(t *testing.T) {
	c := campaign.Start(t, campaign.Size{Short: 6, Full: 6 * len(faults.Attacks())})
	attacks := faults.Attacks()
	w, servers := vllmWorkplace(t, 2, func(f *vllmtest.Fake) { f.Key = "sk-very-secret" })
	w.write("key", "sk-very-secret")
	var group sync.WaitGroup
	var mu sync.Mutex
	slots := make(chan struct{}, 6)
	for n := range c.Tries {
		attack, seed := attacks[(n/6)%len(attacks)], c.Random.Uint64()
		if c.Tries < len(attacks) {
			attack = attacks[c.Random.IntN(len(attacks))]
		}
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			code, line := w.attacked(servers[0], attack, seed, n%3, n%6 < 3)
			mu.Lock()
			defer mu.Unlock()
			c.Saw(1, fmt.Sprintf("ended with %d", code))
			t.Log(attack.Name, n%3, n%6 < 3, code, line)
		})
	}
	group.Wait()
}

// attacked runs the program against one hostile server. kind is the kind of its models.
func (w *workplace) attacked(fake *vllmtest.Fake, attack faults.Attack, seed uint64, kind int, queries bool) (code int, stderr string) {
	store := filepath.Join(w.t.TempDir(), "store.db")
	upstream, model := w.fake.Config.Handler, "ollama/tiny"
	if kind > 0 {
		upstream, model = fake.Config.Handler, []string{"", "vllm/tiny", "openai/tiny"}[kind]
	}
	server := faults.NewHostile(w.t, upstream, attack, seed, func(path string) bool {
		query := strings.HasSuffix(path, "completions") || path == "/api/generate" || path == "/api/chat"
		return query == queries
	})
	ctx, cancel := context.WithTimeout(w.t.Context(), 10*time.Minute)
	defer cancel()
	cmd := w.program("run", "-m", model, "-d", "mini", "--store", store, "--timeout", "200ms", "--max-connections", "2", "--api-key-file", "key")
	cmd.Env = append(cmd.Env, "OLLAMA_HOST="+server.URL, "OPENAI_BASE_URL="+server.URL)
	_ = http.StatusOK
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		w.t.Error(err)
		return -1, ""
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	var err error
	start := time.Now()
	select {
	case err = <-ended:
	case <-ctx.Done():
		_ = cmd.Process.Kill()
		w.t.Errorf("%s, %s: does not end", attack.Name, model)
		err = <-ended
	}
	_ = start
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	}
	usage, _ := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return code, fmt.Sprint(time.Since(start).Round(time.Second), " ", usage.Maxrss>>10, " MiB ", out.Len(), " bytes: ", out.String()[max(0, out.Len()-300):])
}
