//go:build unix

package servers

import (
	"path/filepath"
	"strings"
	"testing"

	"nerbench/harness"
	"nerbench/internal/reference"
)

// TestVulkan: with the library for Vulkan, all layers of the model are computed
// on the device that is there (in continuous integration a renderer in software),
// and the answers are those of the processor.
func TestVulkan(t *testing.T) {
	w := newWorkplace(t, "NERBENCH_LLAMA_LIB="+llamaLibrary(t, "vulkan"), "GGML_VK_VISIBLE_DEVICES=0", "LP_NUM_THREADS=1")
	model := newTrained(t)
	if _, stdout, _ := w.run(t, "doctor"); !strings.Contains(stdout, "Vulkan0 ") {
		reference.Skip(t, "no Vulkan device:\n"+stdout)
	}
	q := question{model: "gguf/" + model.file, dataset: "mit-restaurant", limit: 8, flags: []string{"--threads", "1", "--gpu-layers", "99"}}
	result := askThroughCrashes(t, w, q)
	// Another device adds in another order: near ties fall otherwise.
	model.check(t, w, q, result, 5, 0)
	if shown := w.printed(t, "runs", "show", result.Run); !strings.Contains(shown, "Vulkan0 ") || !strings.Contains(shown, "5/5 layers") {
		t.Errorf("the run does not record that all layers were on the device:\n%s", shown)
	}
}

// askThroughCrashes asks until the program ends by itself. Mesa's renderer now and
// then takes the process down, in a thread of its own. The run is continued, as
// after any kill.
func askThroughCrashes(t *testing.T, w *workplace, q question) harness.Result {
	t.Helper()
	code, stdout, stderr := w.run(t, q.args()...)
	for range 10 {
		if code >= 0 {
			break
		}
		t.Logf("%s: the renderer crashed; the run is continued", q.dataset)
		code, stdout, stderr = w.run(t, q.args()...)
	}
	if code != 0 {
		t.Fatalf("%s: exit code %d\n%s%s", q.dataset, code, stdout, stderr)
	}
	return readResult(t, stdout)
}

// TestSpanModels asks the two kinds of models that need neither server nor library
// about a dataset of native files: the tagger, and a token classifier with the words
// of the train split, each with its most frequent label.
func TestSpanModels(t *testing.T) {
	w := newWorkplace(t)
	const dataset, limit = "crossner-politics", 50
	if err := learnWords(t, reference.Path(t, "data"), dataset).WriteFolder(filepath.Join(w.dir, "classifier")); err != nil {
		t.Fatal(err)
	}
	for _, model := range []string{"tagger", "onnx/classifier"} {
		t.Run(model, func(t *testing.T) {
			q := question{model: model, dataset: dataset, limit: limit}
			result := w.ask(t, q)
			score := result.Scores["span_f1"]
			if result.Complete != limit || score.TP == 0 || score.NGold == 0 {
				t.Errorf("result is %+v", result)
			}
			if again := w.ask(t, q); again.Asked != 0 || again.Run != result.Run {
				t.Errorf("asked again: %+v", again)
			}
			t.Logf("tp %g, predicted %d, gold %d", score.TP, score.NPred, score.NGold)
		})
	}
}
