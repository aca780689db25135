package fleet_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nerbench/internal/fault"
	"nerbench/runners/fleet"
	"nerbench/runners/vllm/vllmtest"
)

// TestOnlyOneCoordinator: a second one for a store, or for a queue, is refused, and the
// first one is named.
func TestOnlyOneCoordinator(t *testing.T) {
	store := filepath.Join(t.TempDir(), "results.db")
	start(t, func(c *fleet.Config) { c.Store = store })
	_, err := fleet.Start(t.Context(), fleet.Config{Listen: "127.0.0.1:0", Store: store})
	if err == nil || !strings.Contains(err.Error(), "results.db: the store has a coordinator already: process ") {
		t.Errorf("error %v", err)
	}
	address := natsServer(t)
	start(t, func(c *fleet.Config) { c.Listen, c.Queue = "", address })
	_, err = fleet.Start(t.Context(), fleet.Config{Queue: address, Store: filepath.Join(t.TempDir(), "results.db")})
	if err == nil || !strings.Contains(err.Error(), `the fleet "fleet" has a coordinator already, on `) {
		t.Errorf("error %v", err)
	}
	start(t, func(c *fleet.Config) { c.Listen, c.Queue = "", address+"/other" })
}

// TestPlacesToListen: a wrong place is a usage error, a taken port an error that names it.
func TestPlacesToListen(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, tc := range []struct {
		listen, queue, want string
		usage               bool
	}{
		{listen: "nowhere", want: "--listen nowhere: want ADDRESS:PORT", usage: true},
		{listen: "127.0.0.1:70000", want: "want ADDRESS:PORT", usage: true},
		{listen: taken.Addr().String(), want: "--listen " + taken.Addr().String() + ": listen tcp"},
		{queue: "http://host", want: "want nats://HOST:PORT", usage: true},
		{queue: "nats://127.0.0.1:1/a.b", want: "is not the name of a fleet", usage: true},
		{queue: "nats://secret@127.0.0.1:1", want: "--queue nats://127.0.0.1:1: "},
	} {
		_, err := fleet.Start(t.Context(), fleet.Config{Listen: tc.listen, Queue: tc.queue, Store: filepath.Join(t.TempDir(), "results.db")})
		if tc.listen == taken.Addr().String() {
			if hint := new(fault.Hint); !errors.As(err, &hint) || !strings.Contains(hint.Advice, "another program has the port") {
				t.Errorf("%q: error %v without advice", tc.listen, err)
			}
		}
		if err == nil || !strings.Contains(err.Error(), tc.want) || errors.As(err, new(*fault.UsageError)) != tc.usage {
			t.Errorf("%q: error %v", tc.listen+tc.queue, err)
		}
	}
}

// TestTokens: off loopback, a token is made, and connections are encrypted and pinned. A
// worker without the right file has no access.
func TestTokens(t *testing.T) {
	var said []string
	c, join := start(t, func(c *fleet.Config) {
		c.Listen = "0.0.0.0:0"
		c.Note = func(text string) { said = append(said, text) }
	})
	if len(said) == 0 || !strings.Contains(said[0], "with TLS") || !strings.Contains(said[0], "no token was given: one was made, it is in results.db.fleet") {
		t.Errorf("said %q", said)
	}
	info, err := os.Stat(join)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the file for workers: %v, %v", info, err)
	}
	list, err := fleet.List(t.Context(), join)
	if err != nil || list.Coordinator != c.Workers().Coordinator {
		t.Errorf("with the file: %+v, %v", list, err)
	}
	text, err := os.ReadFile(join)
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Token string }
	if err := json.Unmarshal(text, &file); err != nil || file.Token == "" {
		t.Fatalf("token %q, %v", file.Token, err)
	}
	for _, note := range said {
		if strings.Contains(note, file.Token) {
			t.Errorf("the token is printed: %s", note)
		}
	}
	for _, tc := range []struct{ member, value, want string }{
		{"token", "wrong-token", "Authorization Violation"},
		{"certificate_sha256", strings.Repeat("0", 64), "the server has another certificate than the file names"},
		{"certificate_sha256", "", "certificate"}, // one that an authority has signed is wanted
	} {
		var changed map[string]any
		if err := json.Unmarshal(text, &changed); err != nil {
			t.Fatal(err)
		}
		changed[tc.member], changed["addresses"] = tc.value, changed["addresses"].([]any)[len(changed["addresses"].([]any))-1:]
		wrong, _ := json.Marshal(changed)
		name := filepath.Join(t.TempDir(), "wrong.fleet")
		if err := os.WriteFile(name, wrong, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := fleet.List(t.Context(), name)
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), file.Token) || strings.Contains(err.Error(), "wrong-token") {
			t.Errorf("with %s %q: %v", tc.member, tc.value, err)
		}
	}
}

// TestRefusedWorkers: a worker with another model, another context or another protocol is
// refused with a usage error that names both sides.
func TestRefusedWorkers(t *testing.T) {
	f, own := fakeServer(t, func(*vllmtest.Fake) {})
	c, join := start(t, nil)
	work(t, join, own, nil)
	asked := spec(own.Name)
	asked.Weights = "sha256:" + strings.Repeat("0", 64) // by which it is the same on all servers
	m, err := c.Open(t.Context(), asked)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	refused := func(t *testing.T, stop func() error, want ...string) {
		t.Helper()
		ended := make(chan error, 1)
		go func() { ended <- stop() }()
		var err error
		select {
		case err = <-ended:
		case <-time.After(time.Minute):
			t.Fatal("the worker does not end")
		}
		if !errors.As(err, new(*fault.UsageError)) {
			t.Fatalf("error %v", err)
		}
		for _, part := range want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%v: want %q", err, part)
			}
		}
	}
	t.Run("model", func(t *testing.T) {
		other := own
		other.Name = "vllm/other"
		refused(t, until(t, join, other), "the model vllm/other, the coordinator asks "+own.Name)
	})
	t.Run("context", func(t *testing.T) {
		shorter := vllmtest.New(t, func(s *vllmtest.Fake) { s.Model, s.Root, s.ContextLength = f.Model, f.Root, f.ContextLength/2 })
		other := own
		other.Servers = []string{shorter.URL}
		refused(t, until(t, join, other), fmt.Sprintf("has context of the model %d, the first worker, on ", f.ContextLength/2), fmt.Sprintf("has context of the model %d", f.ContextLength))
	})
}
