package campaign

import (
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
)

// Damage returns a copy of a file with one to four changes at random places: changed bits,
// large numbers, bytes that are cut, repeated, exchanged, or those of another kind of file.
func Damage(random *rand.Rand, file []byte) []byte {
	b := slices.Clone(file)
	for range 1 + random.IntN(4) {
		if len(b) == 0 {
			return b
		}
		at := random.IntN(len(b))
		end := min(len(b), at+1+random.IntN(64))
		switch random.IntN(7) {
		case 0:
			b[at] ^= 1 << random.IntN(8)
		case 1:
			number := []uint64{0, 1 << 31, 1<<32 - 1, 1 << 40, 1<<63 - 1, 1 << 63, 1<<64 - 1}[random.IntN(7)]
			copy(b[at:], binary.LittleEndian.AppendUint64(nil, number))
		case 2:
			b = b[:at]
		case 3:
			b = slices.Delete(b, at, end)
		case 4:
			b = slices.Insert(b, end, slices.Repeat(b[at:end], 1+random.IntN(8))...)
		case 5:
			b[at], b[end-1] = b[end-1], b[at]
		default:
			marks := []string{"[[[[", "{{", "\"", "\x00", "\xff", "'''", "=", "\n", "%}", "..", "/", "9999999999999", "-1", "{% for a in range(999999999) %}"}
			b = slices.Insert(b, at, []byte(marks[random.IntN(len(marks))])...)
		}
	}
	return b
}

// Memory runs f, and returns the bytes that all goroutines allocated meanwhile.
func Memory(t testing.TB, f func()) uint64 {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
