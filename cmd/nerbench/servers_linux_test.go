package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"nerbench/internal/campaign"
	"nerbench/runners/runnertest/faults"
	"nerbench/runners/vllm/vllmtest"
)

const hostileKey = "sk-very-secret"

// TestHostileServers runs the program, as a process of its own, against hostile servers. It
// ends by itself, with an error or with incomplete passages, in bounded memory, and prints
// no key and no panic. The short form makes attacks that are not retried for long.
func TestHostileServers(t *testing.T) {
	attacks := faults.Attacks()
	c := campaign.Start(t, campaign.Size{Short: 6, Full: 6 * len(attacks)})
	w, servers := vllmWorkplace(t, 2, func(f *vllmtest.Fake) { f.Key = hostileKey })
	w.write("key", hostileKey)
	models := []string{"ollama/tiny", "vllm/tiny", "openai/tiny"}
	var mu sync.Mutex
	var group sync.WaitGroup
	slots := make(chan struct{}, 6)
	for n := range c.Tries {
		a, queries := attacks[n/6%len(attacks)], n%6 < 3
		if c.Tries <= 6 {
			for a.Hangs = true; a.Hangs; a = attacks[c.Random.IntN(len(attacks))] {
			}
			queries = false
		}
		siege := &siege{workplace: w, attack: a, model: models[n%3], queries: queries, store: filepath.Join(t.TempDir(), "store.db")}
		upstream := w.fake.Config.Handler
		if n%3 > 0 {
			upstream = servers[0].Config.Handler
		}
		server := faults.NewHostile(t, upstream, a, c.Random.Uint64(), func(path string) bool {
			return faults.ModelQuery(path) == queries
		})
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			code := siege.run(server)
			mu.Lock()
			defer mu.Unlock()
			c.Saw(1, fmt.Sprintf("ended with exit code %d", code))
		})
	}
	group.Wait()
}

// siege is the program against one hostile server.
type siege struct {
	*workplace
	attack  faults.Attack
	model   string
	queries bool // they are attacked; else the descriptions of the server
	store   string
}

// The limits of the program, as a test binary: far longer than all retries, and the memory
// of a few of the largest descriptions.
const (
	siegeTime   = 10 * time.Minute
	siegeMemory = 400 << 10 // KiB
	siegeOutput = 20 << 10
)

func (s *siege) run(server *faults.Hostile) (code int) {
	t := s.t
	cmd := s.program("run", "-m", s.model, "-d", "mini", "--store", s.store, "--timeout", "200ms", "--max-connections", "2", "--api-key-file", "key")
	cmd.Env = append(cmd.Env, "OLLAMA_HOST="+server.URL, "OPENAI_BASE_URL="+server.URL)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	what := fmt.Sprintf("%s, %s, queries %t", s.attack.Name, s.model, s.queries)
	if err := cmd.Start(); err != nil {
		t.Errorf("%s: %v", what, err)
		return -1
	}
	late := time.AfterFunc(siegeTime, func() {
		t.Errorf("%s: does not end", what)
		_ = cmd.Process.Kill()
	})
	memory := peak(cmd.Process.Pid)
	err := cmd.Wait()
	late.Stop()
	used := <-memory
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	}
	text := out.String()
	switch {
	case code != exitOK && code != exitError && code != exitPartial, code == exitOK && s.queries && !s.attack.Harmless:
		t.Errorf("%s: exit code %d:\n%.2000s", what, code, text)
	case code != exitOK && !strings.Contains(text, "nerbench: "):
		t.Errorf("%s: exit code %d without an error: %.2000s", what, code, text)
	case strings.Contains(text, hostileKey) || strings.Contains(text, "internal error") || strings.Contains(text, "goroutine ") || strings.Contains(text, "Unsolicited"):
		t.Errorf("%s: prints %.2000s", what, text)
	case len(text) > siegeOutput:
		t.Errorf("%s: prints %d bytes: %.2000s", what, len(text), text)
	case used > siegeMemory:
		t.Errorf("%s: %d MiB of memory", what, used>>10)
	case server.Met() == 0:
		t.Errorf("%s: no request was attacked: exit code %d:\n%.2000s", what, code, text)
	case server.Unlimited():
		t.Errorf("%s: %d bytes were read", what, server.Sent())
	case server.Reached() > 0:
		t.Errorf("%s: another server was reached", what)
	}
	return code
}

// peak sends the largest memory of a process, in KiB, when it has ended. The usage that the
// system reports at the end includes that of this process, which started it.
func peak(pid int) <-chan int {
	most := make(chan int, 1)
	go func() {
		last := 0
		for {
			status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
			_, line, there := strings.Cut(string(status), "VmHWM:")
			if err != nil || !there { // it has ended
				most <- last
				return
			}
			last, _ = strconv.Atoi(strings.Fields(line)[0])
			time.Sleep(10 * time.Millisecond)
		}
	}()
	return most
}
