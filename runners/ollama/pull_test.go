package ollama_test

import (
	"strings"
	"testing"

	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/ollama"
	"nerbench/runners/ollama/ollamatest"
)

// TestPull: a missing model is downloaded, with progress. A model that cannot be
// downloaded is an error with the server's message.
func TestPull(t *testing.T) {
	fake := ollamatest.New(t, func(f *ollamatest.Fake) { f.Pullable = "novel" })
	open := func(model string) *ollama.Runner {
		r, err := ollama.New(ollama.Config{Host: fake.URL, Model: model, Decoding: runners.Decoding{Context: 2048}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(r.Close)
		return r
	}
	r := open("novel")
	if _, err := r.Identify(t.Context()); !ollama.Missing(err) {
		t.Fatalf("error is %v", err)
	}
	var seen []ollama.Pulling
	if err := r.Pull(t.Context(), func(p ollama.Pulling) { seen = append(seen, p) }); err != nil {
		t.Fatal(err)
	}
	if len(seen) != 4 || seen[2].Completed != 2000000 || seen[3].Status != "success" {
		t.Errorf("progress %+v", seen)
	}
	if _, err := r.Identify(t.Context()); err != nil {
		t.Error(err)
	}
	if err := open("absent").Pull(t.Context(), func(ollama.Pulling) {}); err == nil || !strings.Contains(err.Error(), "file does not exist") {
		t.Errorf("error is %v", err)
	}
}

// TestDevice: Device returns where a loaded model is.
func TestDevice(t *testing.T) {
	for _, c := range []struct {
		size, vram int64
		want       string
	}{{0, 0, ""}, {100, 0, "CPU"}, {100, 100, "GPU"}, {100, 48, "48 % GPU, the rest CPU"}} {
		fake := ollamatest.New(t, func(f *ollamatest.Fake) { f.Size, f.VRAM = c.size, c.vram })
		r, err := ollama.New(ollama.Config{Host: fake.URL, Model: "tiny", Decoding: runners.Decoding{Context: 2048}})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if got, err := r.Device(t.Context()); got != "" || err != nil {
			t.Errorf("before the first query: %q, %v", got, err)
		}
		if _, err := r.Complete(t.Context(), []ner.Query{query("x")}); err != nil {
			t.Fatal(err)
		}
		if got, err := r.Device(t.Context()); got != c.want || err != nil {
			t.Errorf("%q, %v, want %q", got, err, c.want)
		}
	}
}
