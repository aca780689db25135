package site

import "testing"

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{
		"900MB": 900e6, "1GB": 1e9, "1.5 GB": 15e8, "10kB": 1e4, "12": 12, "12B": 12,
		"": 0, "MB": 0, "-1MB": 0, "0": 0, "NaNGB": 0, "InfGB": 0, "9MiB": 0, "1e30GB": 0,
	} {
		if got, err := ParseSize(text); got != want || (err == nil) != (want > 0) {
			t.Errorf("%q is %d, %v", text, got, err)
		}
	}
}
