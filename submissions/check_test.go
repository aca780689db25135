package submissions

import (
	"errors"
	"testing"

	"nerbench/internal/fault"
)

// TestWrongFirst: missing data is the outcome only if nothing is wrong.
func TestWrongFirst(t *testing.T) {
	data, wrong := &fault.DataError{Err: errors.New("no data")}, errors.New("wrong")
	for _, c := range []struct {
		name   string
		faults []error
		want   string
	}{
		{"nothing", []error{nil, nil}, ""},
		{"data", []error{data, nil}, "no data"},
		{"both", []error{data, wrong, data}, "wrong"},
	} {
		got := ""
		if err := errors.Join(wrongFirst(c.faults)...); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
