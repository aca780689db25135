package harness

import (
	"context"
	"fmt"
	"slices"

	"nerbench/ner"
	"nerbench/results"
)

// passageKeys are the keys that determine the documents of a run and their gold. Runs
// that differ in one of them cannot be paired passage by passage.
var passageKeys = ner.KeyNames(ner.InPart(ner.DataPart), func(k ner.Key) bool {
	return k.Name != "dataset" && !slices.Contains(partKeys, k.Name)
})

// partKeys are the data keys that select a part of the same documents. Runs that
// differ in them are paired on the passages that both have.
var partKeys = []string{"limit", "shard", "cap", "sample_seed"}

// passagePair is a passage of two runs: its index in each.
type passagePair struct{ a, b int }

// commonPassages pairs the passages that two runs have completed, in the order of the
// first run. Runs on other documents, or with other gold, are an error.
func commonPassages(ctx context.Context, store *results.Store, a, b results.RunInfo) ([]passagePair, error) {
	if a.Keys["dataset"] != b.Keys["dataset"] {
		return nil, fmt.Errorf("runs %s and %s are on different datasets, %s and %s", a.ID, b.ID, a.Keys["dataset"], b.Keys["dataset"])
	}
	for _, key := range passageKeys {
		if a.Keys[key] != b.Keys[key] {
			return nil, fmt.Errorf("runs %s and %s have different passages: the key %s is %q and %q", a.ID, b.ID, key, a.Keys[key], b.Keys[key])
		}
	}
	documentsA, err := store.Documents(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	documentsB, err := store.Documents(ctx, b.ID)
	if err != nil {
		return nil, err
	}
	var pairs []passagePair
	if sameParts(a.Keys, b.Keys) {
		for i := range min(len(documentsA), len(documentsB)) {
			if documentsA[i] != "" && documentsB[i] != "" {
				pairs = append(pairs, passagePair{i, i})
			}
		}
	} else if pairs, err = pairByDocument(documentsA, documentsB); err != nil {
		return nil, err
	}
	if len(pairs) == 0 {
		return nil, fmt.Errorf("runs %s and %s have no complete passage in common", a.ID, b.ID)
	}
	return pairs, nil
}

// sameParts reports whether two runs count their passages in the same way. A limit
// only cuts them off at the end.
func sameParts(a, b map[string]string) bool {
	for _, key := range partKeys {
		if key != "limit" && a[key] != b[key] {
			return false
		}
	}
	return true
}

// pairByDocument pairs passages of different parts of a split by the ids of their
// documents.
func pairByDocument(a, b []string) ([]passagePair, error) {
	places := map[string]int{}
	for i, document := range b {
		if _, twice := places[document]; twice && document != "" {
			return nil, fmt.Errorf("two documents have the id %q: passages of different parts cannot be paired", document)
		}
		places[document] = i
	}
	var pairs []passagePair
	for i, document := range a {
		if j, common := places[document]; common && document != "" {
			pairs = append(pairs, passagePair{i, j})
		}
	}
	return pairs, nil
}
