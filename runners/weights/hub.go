package weights

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"nerbench/datasets/fetch"
	"nerbench/internal/fault"
	"nerbench/internal/parallel"
)

// commit is a commit of the hub with the digest of its files, as the cache keeps it.
type commit struct {
	Model, Commit, SHA256 string
}

// ofHub is the digest of a model of the hub at a commit. The list of files has the
// checksums of the large ones; small ones are downloaded.
func (r *Resolver) ofHub(ctx context.Context, model, at string) (string, error) {
	name := "hf:" + model + "@" + at
	var kept commit
	if r.cached(name, &kept) && kept.Model == model && kept.Commit == at {
		return kept.SHA256, nil
	}
	entries, err := r.Hub.Tree(ctx, r.HTTP, model, at)
	if err != nil {
		return "", fmt.Errorf("weights: %w", advise(err))
	}
	var files []fetch.Entry
	for _, e := range entries {
		if Counts(e.Path) {
			files = append(files, e)
		}
	}
	sums := make([]string, len(files))
	faults := make([]error, len(files))
	parallel.Each(len(files), func(i int) { sums[i], faults[i] = r.Hub.Sum(ctx, r.HTTP, model, at, files[i]) })
	if err := errors.Join(faults...); err != nil {
		return "", fmt.Errorf("weights: %w", advise(err))
	}
	byName := map[string]string{}
	for i, e := range files {
		byName[e.Path] = sums[i]
	}
	digest, err := digestOf(byName)
	if err != nil {
		return "", fmt.Errorf("weights: %s: %w", name, err)
	}
	r.keep(name, commit{model, at, digest})
	return digest, nil
}

// advise adds advice to an error of the hub.
func advise(err error) error {
	status, answered := errors.AsType[*fetch.StatusError](err)
	switch {
	case !answered:
		return &fault.Hint{Err: err, Advice: "without the hub, use --weights DIR, or the digest that a machine with the hub prints: --weights sha256:HEX"}
	case status.Status == http.StatusUnauthorized || status.Status == http.StatusForbidden:
		return &fault.Hint{Err: err, Advice: "a gated model needs HF_TOKEN, and a request for access on its page"}
	case status.Status == http.StatusNotFound:
		return &fault.Hint{Err: err, Advice: "check the name and the commit"}
	}
	return err
}
