package reference

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// Random makes the random choices of a test, which differ in each run. The seed is
// logged; NERBENCH_SEED sets it.
func Random(t testing.TB) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	if s := os.Getenv("NERBENCH_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal("NERBENCH_SEED: ", err)
		}
	}
	t.Logf("NERBENCH_SEED=%d repeats these choices", seed)
	return rand.New(rand.NewPCG(seed, 0))
}
