package tinymodel_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"nerbench/internal/tinymodel"
)

func TestWrite(t *testing.T) {
	var one, again, other bytes.Buffer
	for _, w := range []struct {
		b    *bytes.Buffer
		seed uint64
	}{{&one, 1}, {&again, 1}, {&other, 2}} {
		if err := tinymodel.Write(w.b, w.seed); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(one.Bytes(), again.Bytes()) || bytes.Equal(one.Bytes(), other.Bytes()) {
		t.Error("equal seeds must give equal bytes, different seeds different bytes")
	}
	if !bytes.HasPrefix(one.Bytes(), []byte("GGUF\x03\x00\x00\x00")) || one.Len() < 500_000 || one.Len() > 700_000 {
		t.Errorf("%d bytes, beginning with %q", one.Len(), one.Bytes()[:8])
	}
	sum := sha256.Sum256(one.Bytes())
	if got := hex.EncodeToString(sum[:8]); got != golden {
		t.Errorf("seed 1 gives %s, want %s", got, golden)
	}
}

// golden is the beginning of the SHA-256 of the model with seed 1: the bytes are
// the same on every machine.
const golden = "c7e00c02a06e72ff"

// TestWriteSize checks that the number of weights of a larger model matches its
// size.
func TestWriteSize(t *testing.T) {
	size := tinymodel.Size{Vocabulary: 1024, Width: 128, Heads: 4, Layers: 3, Inner: 256}
	var b bytes.Buffer
	if err := tinymodel.WriteSize(&b, 1, size); err != nil {
		t.Fatal(err)
	}
	weights := 2*1024*128 + 3*(4*128*128+3*128*256+2*128) + 128
	if rest := b.Len() - 4*weights; rest < 10_000 || rest > 60_000 {
		t.Errorf("%d bytes for %d weights", b.Len(), weights)
	}
}
