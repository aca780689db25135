// Package campaign is the frame of the tests that break things on purpose, many times
// and at random: kills, power cuts, damaged files, hostile servers. Each such test is
// short in go test, and long in make campaign. It prints one line with its figures.
package campaign

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The environment variables of a campaign.
const (
	// SizeVariable chooses the number of tries: those of the short form if it is empty,
	// those of the full form if it is "full". A number multiplies the full form: 0.1
	// makes a tenth of its tries.
	SizeVariable = "NERBENCH_CAMPAIGN"
	// SeedVariable repeats the random choices of a test.
	SeedVariable = "NERBENCH_SEED"
)

// Size is the number of tries of a test.
type Size struct {
	Short, Full int
	// Seed is the seed of the short form; 0 is another one each time.
	Seed uint64
}

// Campaign is one test of the campaign.
type Campaign struct {
	// Tries is the number of tries to make.
	Tries int
	// Random makes the random choices. It may be used by one goroutine at a time.
	Random *rand.Rand

	t    testing.TB
	seed uint64
	done int
	seen []count
}

type count struct {
	n    int
	what string
}

// Start begins a test of the campaign. A function TestX calls it itself, or in a
// subtest, so that .ci/campaign finds the test. At the end of the test, it logs the line
//
//	campaign: NAME: TRIES tries: 3 were refused, 7 were whole; seed SEED
//
// with the counts of [Campaign.Saw]. The seed is logged at the beginning, too, for tests
// that do not end.
func Start(t testing.TB, size Size) *Campaign {
	t.Helper()
	c := &Campaign{Tries: size.Short, t: t, seed: size.Seed}
	full, err := factor(os.Getenv(SizeVariable))
	if err != nil {
		t.Fatal(err)
	}
	if full > 0 {
		c.Tries, c.seed = max(1, int(full*float64(size.Full))), 0
	}
	if text := os.Getenv(SeedVariable); text != "" {
		if c.seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("%s: %v", SeedVariable, err)
		}
	}
	if c.seed == 0 {
		c.seed = rand.Uint64()
	}
	c.Random = rand.New(rand.NewPCG(c.seed, 0))
	t.Logf("%s=%d repeats these choices", SeedVariable, c.seed)
	t.Cleanup(func() { t.Logf("campaign: %s: %s", t.Name(), c) })
	return c
}

// factor is the size of the campaign as a multiple of the full form, 0 for the short one.
func factor(text string) (float64, error) {
	switch text {
	case "":
		return 0, nil
	case "full":
		return 1, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !(f > 0) || f > 1e6 {
		return 0, fmt.Errorf("%s: %q is neither full nor a positive number", SizeVariable, text)
	}
	return f, nil
}

// Try counts one try. Tests that make exactly [Campaign.Tries] of them need not call it.
func (c *Campaign) Try() { c.done++ }

// Saw counts n cases of what was seen, such as "were refused".
func (c *Campaign) Saw(n int, what string) {
	i := slices.IndexFunc(c.seen, func(s count) bool { return s.what == what })
	if i < 0 {
		i = len(c.seen)
		c.seen = append(c.seen, count{what: what})
	}
	c.seen[i].n += n
}

// Failed reports whether the test has failed, so that a long one can stop.
func (c *Campaign) Failed() bool { return c.t.Failed() }

// String is the result in one line.
func (c *Campaign) String() string {
	tries := c.done
	if tries == 0 {
		tries = c.Tries
	}
	var seen strings.Builder
	for i, s := range c.seen {
		if i > 0 {
			seen.WriteString(", ")
		}
		fmt.Fprintf(&seen, "%d %s", s.n, s.what)
	}
	if c.t.Failed() {
		seen.WriteString(" FAILED")
	}
	return fmt.Sprintf("%d tries: %s; seed %d", tries, strings.TrimSpace(seen.String()), c.seed)
}
