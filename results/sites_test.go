package results

import "testing"

func TestSites(t *testing.T) {
	ctx := t.Context()
	s := newStore(t)
	for range 2 {
		must(t, s.SaveSite(ctx, StatisticKey{1}))
	}
	for key, want := range map[StatisticKey]bool{{1}: true, {2}: false} {
		if got, err := s.HasSite(ctx, key); err != nil || got != want {
			t.Errorf("%x: %v, %v, want %v", key, got, err, want)
		}
	}
}
