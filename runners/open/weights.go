package open

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"nerbench/datasets/fetch"
	"nerbench/runners/weights"
)

// CheckWeights returns a usage error for weights that are named wrongly. The empty text
// names none.
func CheckWeights(spec string) error {
	if spec == "" {
		return nil
	}
	return weights.Check(spec)
}

// WeightsInFile reports whether weights are named by a path.
func WeightsInFile(spec string) bool { return weights.IsPath(spec) }

// WeightsForm describes how weights are named, for help texts.
const WeightsForm = weights.Form

// NamedWeights finds the digest of the weights that the user named; the zero value if
// none were named.
func (s *Spec) NamedWeights(ctx context.Context) (weights.Weights, error) {
	if s.Named != nil {
		return *s.Named, nil
	}
	if s.Weights == "" {
		return weights.Weights{}, nil
	}
	r := weights.Resolver{Hub: fetch.NewHub(s.Getenv), Observe: s.Observe}
	if cache, err := os.UserCacheDir(); err == nil {
		r.Cache = filepath.Join(cache, "nerbench", "weights")
	}
	return r.Resolve(ctx, s.Weights)
}

// identifyBy identifies a model on servers by its weights: the same weights are the same
// model, on whichever servers. Their addresses, and their name for the weights, become
// metadata. The kind and version of the server stay part of an answer's address, because
// another one may compute another answer.
func (m *Model) identifyBy(named weights.Weights, s Spec) {
	id := &m.Identity
	reported := id.Root
	if reported == "" {
		reported = s.rest
	}
	m.facts["weights_from"] = named.From
	m.facts["served_at"], m.facts["served_as"] = id.Address, id.Root
	if !named.Fits(reported) {
		m.facts["weights_doubt"] = fmt.Sprintf("the server reports %q", reported)
		s.Observe(fmt.Sprintf("the server reports the weights %q, but --weights names %s: it cannot be checked that they are the same", reported, named.From))
	}
	id.Digest, id.Address, id.Root = named.Digest, "", ""
	by := "server=" + strings.TrimSpace(id.Server+" "+id.ServerVersion)
	m.AnswerBy = strings.TrimSpace(by + " " + m.AnswerBy)
}
