package campaign

import "testing"

func TestSize(t *testing.T) {
	for text, want := range map[string]int{"": 5, "full": 1000, "1": 1000, "0.1": 100, "0.00001": 1, "3": 3000} {
		t.Setenv(SizeVariable, text)
		if c := Start(t, Size{Short: 5, Full: 1000}); c.Tries != want {
			t.Errorf("%q: %d tries, want %d", text, c.Tries, want)
		}
	}
	for _, text := range []string{"0", "-1", "many", "NaN", "Inf", "1e300"} {
		if _, err := factor(text); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}

func TestSeed(t *testing.T) {
	size := Size{Short: 1, Full: 1, Seed: 7}
	if a, b := Start(t, size).Random.Uint64(), Start(t, size).Random.Uint64(); a != b {
		t.Errorf("two sequences of one seed: %d and %d", a, b)
	}
	t.Setenv(SizeVariable, "full")
	if a, b := Start(t, size).Random.Uint64(), Start(t, size).Random.Uint64(); a == b {
		t.Error("the full form repeats the choices of the short one")
	}
	t.Setenv(SeedVariable, "99")
	if got := Start(t, size).String(); got != "1 tries: ; seed 99" {
		t.Errorf("%q", got)
	}
}

func TestResult(t *testing.T) {
	c := Start(t, Size{Short: 3, Full: 3, Seed: 7})
	c.Saw(1, "were refused")
	c.Saw(1, "were whole")
	c.Saw(2, "were refused")
	if got, want := c.String(), "3 tries: 3 were refused, 1 were whole; seed 7"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	c.Try()
	c.Try()
	if got, want := c.String(), "2 tries: 3 were refused, 1 were whole; seed 7"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
