package loop_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// delayVariable is the environment variable that makes the test program a server with
// this delay.
const delayVariable = "NERBENCH_BENCH_DELAY"

func TestMain(m *testing.M) {
	if delay := os.Getenv(delayVariable); delay != "" {
		if err := serve(delay); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// newBenchServer starts a server in a process of its own, and returns its URL. The server
// ends with the test.
func newBenchServer(b testing.TB, delay time.Duration) string {
	program, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), delayVariable+"="+delay.String())
	cmd.Stderr = os.Stderr
	stop, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		stop.Close()
		if err := cmd.Wait(); err != nil {
			b.Error(err)
		}
	})
	url, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(url)
}

// serve answers every prompt with a list of one mention. It does little work, because
// the clients share the processors. It ends when its input ends.
func serve(delay string) error {
	takes, err := time.ParseDuration(delay)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		listener.Close()
	}()
	fmt.Printf("http://%s\n", listener.Addr())
	err = http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		time.Sleep(takes)
		w.Header()["Content-Type"] = []string{"application/json"}
		_, _ = io.WriteString(w, `{"model":"tiny","response":" [\"Tessel Labs\"]","done":true,"done_reason":"stop","prompt_eval_count":200,"eval_count":8}`)
	}))
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
