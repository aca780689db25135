package metrics_test

import (
	"strings"
	"testing"

	"nerbench/metrics"
)

// TestIDs checks that options that change a value are part of the id
// (docs/spec/metrics.md §1.5).
func TestIDs(t *testing.T) {
	for _, tc := range []struct {
		metric string
		chosen map[string]string
		want   string
	}{
		{"span_f1", nil, "span_f1"},
		{"span_f1", map[string]string{"align": "all", "reader": "ladder", "tiers": "3", "unknown": "drop"}, "span_f1"},
		{"span_f1", map[string]string{"align": "cursor"}, "span_f1[align=cursor]"},
		{"span_f1", map[string]string{"tiers": "1", "boundary": "substring"}, "span_f1[boundary=substring,tiers=1]"},
		{"span_f1", map[string]string{"reader": "published"}, "span_f1[reader=published]"},
		{"uniner_f1", map[string]string{"align": "cursor"}, "uniner_f1"}, // cannot change the value
		{"uniner_f1", map[string]string{"unknown": "fp"}, "uniner_f1[unknown=fp]"},
		{"uniner_f1", map[string]string{"queries": "gold+k:5:uniform"}, "uniner_f1[queries=gold+k:5:uniform]"},
	} {
		t.Run(tc.want, func(t *testing.T) {
			m, ok := metrics.Find(tc.metric)
			if !ok {
				t.Fatal("no such metric")
			}
			got, err := m.WithOptions(tc.chosen)
			if err != nil || got != tc.want {
				t.Fatalf("id is %q, error %v", got, err)
			}
			parsed, chosen, err := metrics.ParseID(got)
			if err != nil || parsed.ID != tc.metric {
				t.Fatalf("%q is parsed as %s, error %v", got, parsed.ID, err)
			}
			if again, err := parsed.WithOptions(chosen); err != nil || again != got {
				t.Errorf("%q is parsed as %v, which is %q, error %v", got, chosen, again, err)
			}
		})
	}
}

func TestIDErrors(t *testing.T) {
	for _, tc := range []struct{ id, want string }{
		{"f1", "unknown"},
		{"span_f1[align=cursor", "want name[option=value,...]"},
		{"span_f1[]", "want option=value"},
		{"span_f1[align=cursor,align=all]", "each option once"},
		{"span_f1[align=nearest]", "want one of all, first"},
		{"uniner_f1[align=cursor]", "does not apply"},
	} {
		t.Run(tc.id, func(t *testing.T) {
			if _, _, err := metrics.ParseID(tc.id); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v, want %s", err, tc.want)
			}
		})
	}
	m := metrics.Metrics[0]
	if _, err := m.WithOptions(map[string]string{"nosuch": "1"}); err == nil {
		t.Error("an unknown option is accepted")
	}
}

func TestTableIsComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range metrics.Metrics {
		if seen[m.ID] || m.Meaning == "" || m.Section == "" || m.Add == nil || m.Ratios == nil {
			t.Errorf("metric %q: incomplete, or listed twice", m.ID)
		}
		seen[m.ID] = true
		for _, name := range m.Options {
			if _, err := m.WithOptions(map[string]string{name: "\x00"}); name != "queries" && err == nil {
				t.Errorf("metric %s: option %q accepts any value", m.ID, name)
			}
		}
	}
}
