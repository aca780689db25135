//go:build unix

package main

import (
	"bytes"
	"cmp"
	"errors"
	"flag"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"gopkg.in/yaml.v3"
)

// container is what a test needs of a container of Kubernetes.
type container struct {
	Name          string
	Command, Args []string
	Env           []struct {
		Name, Value string
		ValueFrom   map[string]struct{ Name, Key string } `yaml:"valueFrom"`
	}
}

// containers reads the containers of a file of examples/kubernetes by their names.
func containers(t *testing.T, name string) map[string]container {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../examples/kubernetes", name))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]container{}
	for d := yaml.NewDecoder(bytes.NewReader(text)); ; {
		var object struct {
			Spec struct {
				Template struct {
					Spec struct {
						InitContainers []container `yaml:"initContainers"`
						Containers     []container
					}
				}
			}
		}
		if err := d.Decode(&object); errors.Is(err, io.EOF) {
			return found
		} else if err != nil {
			t.Fatal(err)
		}
		for _, c := range slices.Concat(object.Spec.Template.Spec.InitContainers, object.Spec.Template.Spec.Containers) {
			found[c.Name] = c
		}
	}
}

// command is the command line of a container: its variables have the values of the
// objects that docs/scale.md creates, and places of the cluster are replaced by those of
// this machine.
func (c container) command(t *testing.T, places *strings.Replacer) []string {
	t.Helper()
	objects := map[string]string{"token": "0123456789abcdef", "model": "tiny", "commit": strings.Repeat("ab", 20)}
	line := slices.Concat(c.Command, c.Args)
	for i := range line {
		for _, e := range c.Env {
			value := e.Value
			for _, from := range slices.Collect(maps.Values(e.ValueFrom)) {
				value = objects[from.Key]
			}
			if value == "" {
				t.Errorf("container %s: variable %s has no value", c.Name, e.Name)
			}
			line[i] = strings.ReplaceAll(line[i], "$("+e.Name+")", value)
		}
		line[i] = places.Replace(line[i])
	}
	return line
}

// TestKubernetesRecipe starts the containers of examples/kubernetes as processes: a NATS
// server, a vLLM server, workers of which one is evicted, and the run. The result is that
// of one process that asks the server directly.
func TestKubernetesRecipe(t *testing.T) {
	t.Parallel()
	w := newWorkplace(t, 60, 0)
	ports := freePorts(t, 2)
	queue, model := ports[0], ports[1]
	weights := "sha256:" + strings.Repeat("ef", 32)
	places := strings.NewReplacer("nerbench-queue:4222", "127.0.0.1:"+queue, "4222", queue, "127.0.0.1:8000", "127.0.0.1:"+model, "8000", model,
		"/results/", "", "/tmp/jetstream", t.TempDir(), "--suite", "-d", "full49", "mini", "hf:tiny@"+strings.Repeat("ab", 20), weights)

	options, err := server.ConfigureOptions(flag.NewFlagSet("nats-server", flag.ContinueOnError), containers(t, "queue.yaml")["nats"].command(t, places)[1:], nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	options.NoLog, options.NoSigs, options.Host = true, true, cmp.Or(options.Host, "127.0.0.1")
	nats, err := server.NewServer(options)
	if err != nil {
		t.Fatal(err)
	}
	nats.Start()
	t.Cleanup(func() { nats.Shutdown(); nats.WaitForShutdown() })
	if !nats.ReadyForConnections(time.Minute) {
		t.Fatal("the server of the queue does not start")
	}

	pods := containers(t, "workers.yaml")
	var started []*member
	t.Cleanup(func() {
		for _, m := range started {
			m.kill()
			if t.Failed() {
				t.Logf("%v:\n%s", m.Args[1:], m.output)
			}
		}
	})
	start := func(line []string) *member {
		var m *member
		if line[0] == "vllm" {
			program, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(program, line[1:]...)
			cmd.Args[0] = "vllm"
			cmd.Env = append(os.Environ(), vllmVariable+"=1")
			m = w.launch(cmd)
		} else {
			m = w.start(line[1:]...)
		}
		started = append(started, m)
		return m
	}
	start(pods["server"].command(t, places))
	url := "http://127.0.0.1:" + model
	for deadline := time.Now().Add(fleetPatience); ; time.Sleep(10 * time.Millisecond) { // the startup probe
		if c, err := net.Dial("tcp", "127.0.0.1:"+model); err == nil {
			c.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the server of the model does not start")
		}
	}
	w.must("run", "-q", "-m", "vllm/model", "--weights", weights, "-d", "mini", "--base-url", url, "--store", "calm.db")

	run := start(containers(t, "run.yaml")["run"].command(t, places))
	evicted := start(pods["worker"].command(t, places))
	start(pods["worker"].command(t, places))
	w.awaitMore("results.db", 5, run.ended)
	_ = evicted.Process.Signal(syscall.SIGTERM) // it may be done
	if code := run.wait(); code != exitOK {
		t.Fatalf("exit code %d\n%s", code, run.output)
	}
	want, _ := w.dumped("calm.db")
	if got, _ := w.dumped("results.db"); got != want {
		t.Errorf("the store of the cluster:\n%s\nwant\n%s", head(got), head(want))
	}
}
