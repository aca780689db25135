package metrics_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"nerbench/metrics"
)

// BenchmarkColumns scores a column file of 1,000,000 tokens.
func BenchmarkColumns(b *testing.B) {
	data := columnFile(50_000, 20)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		counts, err := metrics.Columns(context.Background(), bytes.NewReader(data), metrics.IOB2, metrics.Strict)
		if err != nil || counts.Tokens != 1_000_000 {
			b.Fatal(counts, err)
		}
	}
}

// BenchmarkPairs scores 200,000 pairs of answers, without the cost of parsing them,
// which is in another package.
func BenchmarkPairs(b *testing.B) {
	var data bytes.Buffer
	for i := range 200_000 {
		fmt.Fprintf(&data, `{"pred": "[\"Port Varna\", \"Tessel Labs %d\"]", "gold": "[\"Tessel Labs %d\"]"}`+"\n", i, i)
	}
	b.SetBytes(int64(data.Len()))
	b.ReportAllocs()
	for b.Loop() {
		counts, err := metrics.Pairs(context.Background(), bytes.NewReader(data.Bytes()), newSplitParse)
		if err != nil || counts.Pairs != 200_000 {
			b.Fatal(counts, err)
		}
	}
}

// columnFile makes a column file of invented tokens and tags.
func columnFile(sentences, length int) []byte {
	rng := rand.New(rand.NewPCG(1, 2))
	tags := []string{"O", "O", "O", "O", "B-person", "I-person", "B-place", "I-place", "B-law", "I-law"}
	var data bytes.Buffer
	for range sentences {
		for range length {
			fmt.Fprintf(&data, "w%d %s %s\n", rng.IntN(30_000), tagName(tags, rng), tagName(tags, rng))
		}
		data.WriteByte('\n')
	}
	return data.Bytes()
}

func tagName(tags []string, rng *rand.Rand) string { return tags[rng.IntN(len(tags))] }
