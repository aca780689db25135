//go:build unix

package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
)

// TestFleetQueue asks through NATS servers that are processes of their own, built from the
// module of nats-server: one with a password, one with a token, and clusters of three. The
// server that has the passages is killed while they are in flight: answers are held until
// the coordinator has noticed.
func TestFleetQueue(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "nats-server")
	if out, err := exec.Command("go", "build", "-o", program, "github.com/nats-io/nats-server/v2").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, tc := range []struct {
		name, login string
		options     []string
		servers     int
		gone        bool // the server is not started again
	}{
		{"password", "lab:s3cret", []string{"--user", "lab", "--pass", "s3cret"}, 1, false},
		{"token", "s3cret", []string{"--auth", "s3cret"}, 1, false},
		{"cluster", "lab:s3cret", []string{"--user", "lab", "--pass", "s3cret", "--cluster_name", "queue"}, 3, false},
		{"cluster that loses a server", "lab:s3cret", []string{"--user", "lab", "--pass", "s3cret", "--cluster_name", "queue"}, 3, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := newMachines(t, 60, 20*time.Millisecond)
			ports, routes := freePorts(t, 2*tc.servers), ""
			var addresses []string
			for i := range tc.servers {
				addresses = append(addresses, "127.0.0.1:"+ports[2*i])
				routes += ",nats://127.0.0.1:" + ports[2*i+1]
			}
			serve := func(i int) *member {
				args := append([]string{"-a", "127.0.0.1", "-p", ports[2*i], "-js", "-sd", fmt.Sprint("jetstream", i), "-n", fmt.Sprint("queue", i)}, tc.options...)
				if tc.servers > 1 {
					args = append(args, "--cluster", "nats://127.0.0.1:"+ports[2*i+1], "--routes", routes[1:])
				}
				cmd := exec.Command(program, args...)
				cmd.Dir = f.dir
				return f.launch(cmd)
			}
			var queue []*member
			t.Cleanup(func() {
				for _, m := range queue {
					m.kill()
					if t.Failed() {
						t.Logf("nats-server: %s", m.output)
					}
				}
			})
			for i := range tc.servers {
				queue = append(queue, serve(i))
			}
			for _, address := range addresses {
				f.awaitQueue("nats://" + tc.login + "@" + address)
			}
			f.join = "nats://" + tc.login + "@" + strings.Join(addresses, ",")
			if code, out := f.run("workers", "--join", "nats://lab:wrong@"+addresses[0]); code != exitError || !strings.Contains(out, "Authorization Violation") || strings.Contains(out, "wrong") {
				t.Errorf("with a wrong password: exit code %d\n%s", code, out)
			}
			answers := f.hold(20)
			f.coordinator = f.start("run", "-m", "ollama/tiny", "-d", "mini", "--probe", "0", "--store", f.store, "--queue", f.join)
			f.work(3)
			f.reach(20)
			i := f.holder(f.join)
			queue[i].kill()
			f.disturbed(len(f.workers))
			if !tc.gone {
				queue[i] = serve(i)
			}
			f.awaitOutput("the queue was lost")
			answers.release()
			f.finish()
			for _, m := range append(f.workers, f.coordinator) {
				if out := m.output.String(); strings.Contains(out, "s3cret") {
					t.Errorf("the login is printed:\n%s", out)
				}
			}
		})
	}
}

// awaitQueue waits until JetStream of a server is ready.
func (f *machines) awaitQueue(address string) {
	f.t.Helper()
	for deadline := time.Now().Add(fleetPatience); ; time.Sleep(20 * time.Millisecond) {
		conn, err := nats.Connect(address)
		if err == nil {
			stream, _ := conn.JetStream() // with valid options
			_, err = stream.AccountInfo()
			conn.Close()
		}
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			f.t.Fatalf("the server of the queue does not start: %v", err)
		}
	}
}

// holder waits until a server of the queue has the passages, and returns its number.
func (f *machines) holder(address string) (number int) {
	f.t.Helper()
	conn, err := nats.Connect(address)
	if err != nil {
		f.t.Fatal(err)
	}
	defer conn.Close()
	stream, _ := conn.JetStream() // with valid options
	for deadline := time.Now().Add(fleetPatience); ; time.Sleep(2 * time.Millisecond) {
		for info := range stream.Streams() {
			if info.Cluster == nil { // a server alone
				return 0
			}
			if _, err := fmt.Sscanf(info.Cluster.Leader, "queue%d", &number); err == nil {
				return number
			}
		}
		if f.coordinator.over() || time.Now().After(deadline) {
			f.t.Fatalf("no server of the queue has the passages\n%s", f.coordinator.output)
		}
	}
}

// awaitOutput waits until the coordinator has printed a text.
func (f *machines) awaitOutput(text string) {
	f.t.Helper()
	for deadline := time.Now().Add(fleetPatience); !strings.Contains(f.coordinator.output.String(), text); time.Sleep(20 * time.Millisecond) {
		if f.coordinator.over() || time.Now().After(deadline) {
			f.t.Fatalf("no %q:\n%s", text, f.coordinator.output)
		}
	}
}

// portsGiven counts the ports that freePorts has tried in this process.
var portsGiven atomic.Int64

// freePorts are ports on which nobody listens. The kernel gives ports from 32768 to anyone
// who needs one: none of them, so that a server gets its port, and gets it again when it is
// restarted.
func freePorts(t *testing.T, n int) (ports []string) {
	t.Helper()
	const first, last = 30_100, 32_700
	for len(ports) < n {
		tries := int(portsGiven.Add(1))
		if tries > last-first {
			t.Fatal("no port is free")
		}
		port := fmt.Sprint(first + (os.Getpid()*100+tries)%(last-first))
		if l, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			l.Close()
			ports = append(ports, port)
		}
	}
	return ports
}
