package harness

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"nerbench/metrics/stats"
	"nerbench/ner"
	"nerbench/reports/site"
)

// ablation is a configuration of a model that differs from its main one in one key, with
// their whole runs on the same passages.
type ablation struct {
	out    site.Ablation
	of, to system // of the configuration and of the main one
}

// addAblations compares configurations of one model that differ in one key, in any track:
// by the mean over the datasets that both have completed. P values are corrected over the
// values of a key.
func (m *boardMaker) addAblations(ctx context.Context) error {
	list := m.ablations()
	tests := make([]pair, len(list))
	for i, a := range list {
		tests[i] = pair{a.of, a.to, stats.Rounds}
	}
	found, err := m.statistics.tests(ctx, tests, nil)
	if err != nil {
		return err
	}
	intervals := make([]*[2]float64, len(list))
	if m.request.Resamples > 0 {
		for i := range tests {
			tests[i].draws = m.request.Resamples
		}
		if intervals, err = m.statistics.differences(ctx, tests, nil); err != nil {
			return err
		}
	}
	for from := 0; from < len(list); {
		to := from + 1
		for to < len(list) && list[to].out.Model == list[from].out.Model && list[to].out.Key == list[from].out.Key {
			to++
		}
		p := make([]float64, to-from)
		for i := range p {
			p[i] = probability(found[from+i])
		}
		for i, adjusted := range stats.Holm(p) {
			a := list[from+i]
			a.out.Test = site.Test{Difference: meanDifference(a.of, a.to), Interval: intervals[from+i], P: p[i], PAdjusted: adjusted}
			m.board.Ablations = append(m.board.Ablations, a.out)
		}
		from = to
	}
	return nil
}

// ablations lists them by model, key and value.
func (m *boardMaker) ablations() []ablation {
	main := map[string]*boardEntry{} // by identity: of the first track
	for _, track := range m.rules.Tracks {
		for _, e := range m.ofTrack(track.Name) {
			if main[e.identity] == nil {
				main[e.identity] = e
			}
		}
	}
	var list []ablation
	for _, key := range ner.Keys {
		if slices.Contains(passageKeys, key.Name) {
			continue // other passages do not compare
		}
		for _, e := range m.entries {
			for _, c := range e.configs {
				base := main[e.identity]
				if differing := changedKeys(base.main().keys, c.keys); len(differing) != 1 || differing[0] != key.Name {
					continue
				}
				a := ablation{out: site.Ablation{Model: base.slug, Key: key.Name, Base: base.main().keys[key.Name], Value: c.keys[key.Name]}}
				for _, id := range slices.Sorted(maps.Keys(c.runs)) {
					one, other := c.runs[id], base.main().runs[id]
					of, to := scored{one, m.rank}, scored{other, m.rank}
					if other.ID != "" && m.whole(one) && m.whole(other) && (system{of}).passages() == (system{to}).passages() {
						a.of, a.to = append(a.of, of), append(a.to, to)
						a.out.Datasets = append(a.out.Datasets, id)
					}
				}
				if len(a.of) > 0 {
					a.out.F1, a.out.BaseF1 = a.of.f1(), a.to.f1()
					list = append(list, a)
				}
			}
		}
	}
	slices.SortStableFunc(list, func(a, b ablation) int {
		return cmp.Or(strings.Compare(a.out.Model, b.out.Model), strings.Compare(a.out.Key, b.out.Key), strings.Compare(a.out.Value, b.out.Value))
	})
	return list
}

// changedKeys lists the keys with other values.
func changedKeys(a, b map[string]string) []string {
	var keys []string
	for _, k := range ner.Keys {
		if a[k.Name] != b[k.Name] {
			keys = append(keys, k.Name)
		}
	}
	return keys
}
