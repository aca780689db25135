package llama_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"nerbench/internal/reference"
	"nerbench/internal/tinymodel"
	"nerbench/runners/local/llamacpp/llama"
)

// folder is the folder of the library. Without one, the test is skipped.
func folder(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("NERBENCH_LLAMA_LIB")
	if dir == "" {
		cache, _ := os.UserCacheDir() // without a cache folder, no library is found there
		dir = filepath.Join(cache, "nerbench", "llama-v0.5.0", "cpu")
	}
	if _, err := os.Stat(filepath.Join(dir, llama.FileName("llama"))); err != nil {
		reference.Skip(t, "no library of llama.cpp: make llama-libs")
	}
	return dir
}

func open(t testing.TB) *llama.Library {
	t.Helper()
	lib, err := llama.Open(folder(t))
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

// TestSizes compares the sizes of the structures with those of C on a 64-bit machine.
func TestSizes(t *testing.T) {
	for name, tc := range map[string]struct{ got, want uintptr }{
		"llama_model_params":         {unsafe.Sizeof(llama.ModelParams{}), 80},
		"llama_context_params":       {unsafe.Sizeof(llama.ContextParams{}), 160},
		"llama_batch":                {unsafe.Sizeof(llama.BatchData{}), 56},
		"llama_sampler_chain_params": {unsafe.Sizeof(llama.ChainParams{}), 1},
		"llama_token_data":           {unsafe.Sizeof(llama.Candidate{}), 12},
		"llama_token_data_array":     {unsafe.Sizeof(llama.Candidates{}), 32},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: %d bytes, want %d", name, tc.got, tc.want)
		}
	}
}

// TestDefaults: the defaults of the library are in the right fields, up to the last one.
func TestDefaults(t *testing.T) {
	lib := open(t)
	model := lib.ModelDefaultParams()
	if want := (llama.ModelParams{GPULayers: -1, SplitMode: llama.SplitModeLayer, LoadMode: -1, LazyMode: 1, ExtraBuffers: true}); model != want {
		t.Errorf("model\n%+v, want\n%+v", model, want)
	}
	context := lib.ContextDefaultParams()
	want := llama.ContextParams{
		Cells: 512, Batch: 2048, MicroBatch: 512, Sequences: 1, SequenceOutputs: 1, Threads: 4, ThreadsBatch: 4,
		RopeScaling: -1, Pooling: -1, Attention: -1, FlashAttention: llama.FlashAttentionAuto,
		YarnExtFactor: -1, YarnAttnFactor: -1, YarnBetaFast: -1, YarnBetaSlow: -1, DefragThreshold: -1,
		TypeK: 1, TypeV: 1, OffloadKQV: true, NoPerf: true, OffloadOps: true, FullSWA: true,
	}
	if context != want {
		t.Errorf("context\n%+v, want\n%+v", context, want)
	}
	if !lib.ChainDefaultParams().NoPerf {
		t.Error("sampler chain: times are measured by default")
	}
}

// TestByValue: C gets the last fields of the large structures, which are passed on the
// stack, not in registers.
func TestByValue(t *testing.T) {
	lib := open(t)
	var mu sync.Mutex
	var log strings.Builder
	lib.Log(func(_ llama.LogLevel, text string) {
		mu.Lock()
		defer mu.Unlock()
		log.WriteString(text)
	})
	lib.LoadBackends(folder(t))
	said := func() string {
		mu.Lock()
		defer mu.Unlock()
		defer log.Reset()
		return log.String()
	}
	file := filepath.Join(t.TempDir(), "tiny.gguf")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(tinymodel.Write(f, 1), f.Close()); err != nil {
		t.Fatal(err)
	}
	load := func(vocabularyOnly bool) llama.Model {
		p := lib.ModelDefaultParams()
		p.VocabOnly = vocabularyOnly
		model := lib.ModelLoad(file, p)
		if model == 0 {
			t.Fatalf("the model is refused: %s", said())
		}
		if got := strings.Contains(said(), "skipping tensors"); got != vocabularyOnly {
			t.Errorf("vocabulary only is %v, but the tensors are skipped: %v", vocabularyOnly, got)
		}
		return model
	}
	lib.ModelFree(load(true))
	model := load(false)
	defer lib.ModelFree(model)
	for _, unified := range []bool{false, true} {
		p := lib.ContextDefaultParams()
		p.Cells, p.Sequences, p.UnifiedKV = 512, 2, unified
		ctx := lib.ContextInit(model, p)
		if ctx == 0 {
			t.Fatalf("no context: %s", said())
		}
		if !regexp.MustCompile(fmt.Sprintf(`\bkv_unified\s+= %v\b`, unified)).MatchString(said()) {
			t.Errorf("unified %v is not passed to the library", unified)
		}
		lib.ContextFree(ctx)
	}
}

// TestBatch: a batch has room for its tokens, and a full batch refuses more.
func TestBatch(t *testing.T) {
	lib := open(t)
	b := lib.NewBatch(2)
	defer lib.BatchFree(b.BatchData)
	b.Add(7, 3, 1, false)
	b.Add(8, 4, 5, true)
	if b.Room() != 0 || b.Count != 2 || *b.Tokens != 7 || *b.Positions != 3 || **b.Sequences != 1 || *b.Continued != 0 {
		t.Errorf("batch %+v", b)
	}
	defer func() {
		if recover() == nil {
			t.Error("a full batch takes another token")
		}
	}()
	b.Add(9, 5, 1, false)
}

// BenchmarkCall measures a call that does almost nothing in C.
func BenchmarkCall(b *testing.B) {
	lib := open(b)
	b.ReportAllocs()
	for b.Loop() {
		lib.DeviceCount()
	}
}
