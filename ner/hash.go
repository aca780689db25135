package ner

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"
)

// Hash is the hash of every seeded choice (docs/spec/prompts.md §2.2): the first 8
// bytes, big endian, of the SHA-256 of seed, purpose and parts, joined by U+001F.
func Hash(seed int, purpose string, parts ...string) uint64 {
	b := strconv.AppendInt(nil, int64(seed), 10)
	b = append(append(b, '\x1f'), purpose...)
	for _, p := range parts {
		b = append(append(b, '\x1f'), p...)
	}
	sum := sha256.Sum256(b)
	return binary.BigEndian.Uint64(sum[:8])
}
