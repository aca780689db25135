package main

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"nerbench/runners/vllm/vllmtest"
)

// vllmVariable makes the test binary stand in for the program vllm. While the file that
// holdVariable names exists, it holds the answers to prompts with the text of the file.
const (
	vllmVariable = "NERBENCH_TEST_VLLM"
	holdVariable = "NERBENCH_TEST_HOLD"
)

// fakeVLLM stands in for the program vllm in scripts: vllm serve DIR --served-model-name
// NAME --port PORT. It needs 100 ms to load the model, and 20 ms for an answer. Like the
// program, it prints a line for each request.
func fakeVLLM() {
	value := func(flag string) string {
		if i := slices.Index(os.Args, flag); i >= 0 && i+1 < len(os.Args) {
			return os.Args[i+1]
		}
		return ""
	}
	fake := vllmtest.New(endless{}, func(f *vllmtest.Fake) {
		f.Model, f.Root, f.Delay = value("--served-model-name"), value("serve"), 20*time.Millisecond
		f.Intercept = func(_ http.ResponseWriter, path string, q *vllmtest.Request) bool {
			fmt.Println(path)
			for prompt := strings.Join(q.Prompts(), "\n"); held(prompt); {
				time.Sleep(10 * time.Millisecond)
			}
			return false
		}
	})
	time.Sleep(100 * time.Millisecond)
	listener, err := net.Listen("tcp", "127.0.0.1:"+value("--port"))
	if err == nil {
		err = http.Serve(listener, fake.Config.Handler)
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// held reports whether the answer to a prompt waits.
func held(prompt string) bool {
	text, err := os.ReadFile(os.Getenv(holdVariable))
	text = bytes.TrimSpace(text)
	return err == nil && len(text) > 0 && strings.Contains(prompt, string(text))
}

// endless is a test that ends with its process.
type endless struct{ testing.TB }

func (endless) Cleanup(func()) {}
