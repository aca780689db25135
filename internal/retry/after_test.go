package retry

import (
	"testing"
	"time"
)

func TestAfter(t *testing.T) {
	now := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	for header, tc := range map[string]struct {
		wait time.Duration
		ok   bool
	}{
		"0":                             {0, true},
		"90":                            {90 * time.Second, true},
		"Sun, 01 Mar 2026 12:02:00 GMT": {2 * time.Minute, true},
		"Sun, 01 Mar 2026 11:00:00 GMT": {0, true}, // in the past
		"":                              {0, false},
		"-1":                            {0, false},
		"1.5":                           {0, false},
		"99999999999999999999":          {0, false},
		"soon":                          {0, false},
	} {
		t.Run(header, func(t *testing.T) {
			if wait, ok := After(header, now); wait != tc.wait || ok != tc.ok {
				t.Errorf("%s, %t, want %s, %t", wait, ok, tc.wait, tc.ok)
			}
		})
	}
}
