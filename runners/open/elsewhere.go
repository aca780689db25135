package open

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"reflect"

	"nerbench/runners"
)

// Elsewhere opens models on other machines.
type Elsewhere interface {
	// Open opens the model that is described by the JSON of s and its name.
	Open(ctx context.Context, s Spec) (*Model, error)
}

// Description is what an open model is, without its runner: what determines its answers,
// and metadata. It can be sent to another machine.
type Description struct {
	Identity runners.Identity
	Decoding runners.Decoding
	Special  *runners.Special
	Keys     map[string]string
	AnswerBy string

	File  string
	Facts map[string]string
}

// Describe describes an open model.
func (m *Model) Describe() Description {
	return Description{
		Identity: m.Identity, Decoding: m.Decoding, Special: m.Special, Keys: m.Keys, AnswerBy: m.AnswerBy,
		File: m.File, Facts: m.facts,
	}
}

// Remote is how a model on other machines is asked.
type Remote struct {
	Runner runners.Runner
	Slots  Slots
	Counts func() map[string]int64
	After  func(context.Context) (map[string]string, error)
	Close  func()
}

// Model returns the model that is described. name is that by which the user asked for it:
// the same file may have another path on another machine.
func (d Description) Model(name string, r Remote) *Model {
	if InFile(name) {
		d.Identity.Model = StoredNames(name)[0]
	}
	return &Model{
		Identity: d.Identity, Decoding: d.Decoding, Special: d.Special, Keys: d.Keys, AnswerBy: d.AnswerBy, File: d.File,
		Runner: r.Runner, Slots: r.Slots, facts: d.Facts, counts: r.Counts, after: r.After, close: r.Close,
	}
}

// Differs names the first difference of two models that can change an answer, for each of
// them; empty: they are the same. The path of a file is none.
func (d Description) Differs(o Description) (mine, others string) {
	if d.Identity.Digest != "" { // with a digest, the name of the file does not matter
		d.Identity.Model, o.Identity.Model = "", ""
	}
	for _, part := range []struct {
		name string
		a, b any
	}{
		{"model", d.Identity.Model, o.Identity.Model},
		{"digest", d.Identity.Digest, o.Identity.Digest},
		{"server", d.Identity.Server, o.Identity.Server},
		{"server version", d.Identity.ServerVersion, o.Identity.ServerVersion},
		{"address", d.Identity.Address, o.Identity.Address},
		{"root", d.Identity.Root, o.Identity.Root},
		{"context of the model", d.Identity.Context, o.Identity.Context},
		{"context", d.Decoding.Context, o.Decoding.Context},
		{"quantisation", d.Identity.Quantisation, o.Identity.Quantisation},
		{"decoding", d.Decoding, o.Decoding},
		{"tokenizer", d.Special.String(), o.Special.String()},
		{"answers by", d.AnswerBy, o.AnswerBy},
	} {
		if part.a != part.b {
			return fmt.Sprintf("%s %v", part.name, part.a), fmt.Sprintf("%s %v", part.name, part.b)
		}
	}
	if len(d.Keys)+len(o.Keys) > 0 && !reflect.DeepEqual(d.Keys, o.Keys) {
		return fmt.Sprintf("keys %v", d.Keys), fmt.Sprintf("keys %v", o.Keys)
	}
	return "", ""
}

// SameName reports whether two names can be those of one model. Of a model in a file or
// folder, only the last element of the path counts.
func SameName(a, b string) bool {
	kindA, restA, errA := kindOf(a)
	kindB, restB, errB := kindOf(b)
	if errA != nil || errB != nil || kindA != kindB || kinds[kindA].stored == nil {
		return a == b
	}
	return path.Base(filepath.ToSlash(restA)) == path.Base(filepath.ToSlash(restB))
}
