package stats

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"strconv"
)

const golden = 0x9E3779B97F4A7C15

// Stream is the random stream of one resample (docs/spec/metrics.md §12.2).
type Stream struct{ state uint64 }

// NewStream returns stream b, counted from 0, of a stream seed.
func NewStream(seed uint64, b int) Stream {
	return Stream{mix(seed + (uint64(b)+1)*golden)}
}

// Next returns 64 random bits.
func (s *Stream) Next() uint64 {
	s.state += golden
	return mix(s.state)
}

// Index returns a number from 0 to n-1. n must be positive.
func (s *Stream) Index(n int) int {
	high, _ := bits.Mul64(s.Next(), uint64(n))
	return int(high)
}

func mix(z uint64) uint64 {
	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9
	z = (z ^ (z >> 27)) * 0x94D049BB133111EB
	return z ^ (z >> 31)
}

// DatasetSeed is the stream seed of a dataset (docs/spec/metrics.md §12.2): H(seed,
// "statistics", dataset) of docs/spec/prompts.md §2.2. A dataset has the same
// interval alone and in an average.
func DatasetSeed(seed int, dataset string) uint64 {
	sum := sha256.Sum256([]byte(strconv.Itoa(seed) + "\x1fstatistics\x1f" + dataset))
	return binary.BigEndian.Uint64(sum[:8])
}
