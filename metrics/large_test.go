package metrics_test

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"nerbench/internal/reference"
	"nerbench/metrics"
)

// TestLargeFiles holds 50,000 sentences, as a column file and as spans, against
// their known counts.
func TestLargeFiles(t *testing.T) {
	t.Parallel()
	var expected map[string]json.RawMessage
	data, err := os.ReadFile(reference.Path(t, "vectors", "bench", "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	decodeVector(t, data, &expected)
	var want struct {
		expectedSpans
		Sentences, Tokens int
	}
	decodeVector(t, expected["tags.conll, tags.jsonl (IOB2, lenient and strict), spans.jsonl"], &want)
	dir := largeFiles(t)

	for _, mode := range []metrics.Mode{metrics.Lenient, metrics.Strict} {
		t.Run("tags "+string(mode), func(t *testing.T) {
			f, err := os.Open(filepath.Join(dir, "tags.conll"))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			got, err := metrics.Columns(context.Background(), f, metrics.IOB2, mode)
			if err != nil {
				t.Fatal(err)
			}
			want.Strict.check(t, got.ByType)
			if got.Sentences != want.Sentences || got.Tokens != want.Tokens {
				t.Errorf("%d sentences, %d tokens, want %d and %d", got.Sentences, got.Tokens, want.Sentences, want.Tokens)
			}
		})
	}
	t.Run("spans", func(t *testing.T) {
		f, err := os.Open(filepath.Join(dir, "spans.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		counts, taxonomy := metrics.NewCounts(), metrics.NewTaxonomy()
		for lines := bufio.NewScanner(f); lines.Scan(); {
			var document struct{ Gold, Pred []span }
			decodeVector(t, lines.Bytes(), &document)
			p := passage(document.Gold, document.Pred)
			counts.Merge(metrics.Count(metrics.SpanF1, p))
			taxonomy.Merge(metrics.Classify(p))
		}
		want.check(t, counts, taxonomy)
	})
}

// largeFiles has the reference make its large files.
func largeFiles(t *testing.T) string {
	t.Helper()
	script := reference.Path(t, "vectors", "bench", "gen_bench.py")
	python, err := exec.LookPath("python3")
	if err != nil {
		reference.Skip(t, "python3, which makes the large files, is absent")
	}
	dir := t.TempDir()
	if out, err := exec.Command(python, script, dir, "--pairs", "1").CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
	return dir
}
