package metrics_test

import (
	"slices"
	"strings"
	"testing"

	"nerbench/metrics"
)

func TestParseBy(t *testing.T) {
	for _, tc := range []struct {
		name       string
		names      []string
		types      bool
		attributes []string
		train      string
		err        string
	}{
		{"nothing", nil, true, nil, "", ""},
		{"none", []string{"none"}, false, nil, "", ""},
		{"type", []string{"type"}, true, nil, "", ""},
		{"a bucket", []string{"bucket:eLen"}, false, []string{"eLen"}, "", ""},
		{"type as a bucket", []string{"bucket:type", "bucket:eLen", "bucket:oDen"}, true, []string{"eLen", "oDen"}, "oDen", ""},
		{"an unknown attribute", []string{"bucket:nosuch"}, false, nil, "", "bucket:nosuch: unknown attribute (known: "},
		{"an unknown name", []string{"types"}, false, nil, "", "types: want type, none, or bucket:NAME"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			by, err := metrics.ParseBy(tc.names)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("error is %v, want %q", err, tc.err)
				}
				return
			}
			var names []string
			for _, a := range by.Attributes {
				names = append(names, a.Name)
			}
			if err != nil || by.Types != tc.types || !slices.Equal(names, tc.attributes) || by.NeedsTrain() != tc.train {
				t.Errorf("types %v, attributes %v, needs train for %q: %v", by.Types, names, by.NeedsTrain(), err)
			}
		})
	}
}
