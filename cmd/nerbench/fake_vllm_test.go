package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"nerbench/runners/vllm/vllmtest"
)

// vllmVariable makes the test binary stand in for the program vllm.
const vllmVariable = "NERBENCH_TEST_VLLM"

// fakeVLLM stands in for the program vllm in scripts: vllm serve DIR --served-model-name
// NAME --port PORT. It needs 100 ms to load the model, and 20 ms for an answer.
func fakeVLLM() {
	value := func(flag string) string {
		if i := slices.Index(os.Args, flag); i >= 0 && i+1 < len(os.Args) {
			return os.Args[i+1]
		}
		return ""
	}
	fake := vllmtest.New(endless{}, func(f *vllmtest.Fake) {
		f.Model, f.Root, f.Delay = value("--served-model-name"), value("serve"), 20*time.Millisecond
	})
	time.Sleep(100 * time.Millisecond)
	listener, err := net.Listen("tcp", "127.0.0.1:"+value("--port"))
	if err == nil {
		err = http.Serve(listener, fake.Config.Handler)
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// endless is a test that ends with its process.
type endless struct{ testing.TB }

func (endless) Cleanup(func()) {}
