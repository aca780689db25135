package loaders

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"nerbench/datasets"
	"nerbench/internal/archive"
	"nerbench/ner"
)

// State is the outcome of [Verify].
type State string

// The states of a split.
const (
	StateOK       State = "ok"
	StateDiffers  State = "differs"  // differs from the recorded checksums
	StateMissing  State = "missing"  // a file is missing
	StateUnlocked State = "unlocked" // read, but no counts are recorded
	// StateUnreadable is that of files in another form than the dataset describes.
	StateUnreadable State = "unreadable"
)

// Fails reports whether the files are not those of the dataset.
func (s State) Fails() bool { return s == StateDiffers || s == StateUnreadable }

// Verification is the result of comparing the files of a split with the recorded
// counts and checksums.
type Verification struct {
	Dataset string
	Set     string
	Split   ner.Split
	State   State
	// Files are the names of the files read, below the data folder.
	Files []string
	Found datasets.Lock
	Tally Tally
	// Differences describes each difference in one line.
	Differences []string
}

// Verify reads a whole split and compares its counts and checksums with the recorded
// ones: files, documents, tokens, spans, types, dropped labels and fingerprints.
// each, which may be nil, is called with every document. A missing file is a state,
// not an error; a file that cannot be read is an error.
func Verify(ctx context.Context, data fs.FS, dataset *datasets.Dataset, o Options, each func(*ner.Document)) (Verification, error) {
	r, err := newReading(ctx, data, dataset, o)
	if err != nil {
		return Verification{}, err
	}
	v := Verification{Dataset: dataset.ID, Set: r.set.Name, Split: r.part.Name}
	if v.Files, err = r.files(); errors.Is(err, fs.ErrNotExist) {
		v.State, v.Differences = StateMissing, []string{err.Error()}
		return v, nil
	} else if err != nil {
		return v, err
	}
	if err := v.checkFiles(ctx, data, r); err != nil {
		return v, err
	}
	docs, tally, err := Documents(ctx, data, dataset, o)
	if err != nil {
		return v, err
	}
	fingerprint := NewFingerprint()
	for d, err := range docs {
		if err != nil {
			return v, err
		}
		if err := d.Check(false); err != nil {
			return v, fmt.Errorf("dataset %s: %w", dataset.ID, err)
		}
		fingerprint.Add(d)
		if each != nil {
			each(d)
		}
	}
	v.Tally, v.Found = *tally, fingerprint.Lock()
	v.Found.Dropped = tally.Dropped
	native := o.Gold == "" || o.Gold == datasets.NativeGold
	if r.part.Lock != nil && native {
		v.compare(r.part.Lock)
	}
	switch {
	case len(v.Differences) > 0:
		v.State = StateDiffers
	case r.part.Lock == nil || !native:
		v.State = StateUnlocked
	default:
		v.State = StateOK
	}
	return v, nil
}

// checkFiles compares the checksums of the files that have one.
func (v *Verification) checkFiles(ctx context.Context, data fs.FS, r *reading) error {
	if len(v.Files) != len(r.part.Files) {
		return nil // a pattern selects many files; the recorded checksums cover their content
	}
	for i, f := range r.part.Files {
		if f.SHA256 == "" || archive.Is(f.Path) != archive.Is(v.Files[i]) || compressed(f.Path) && !compressed(v.Files[i]) {
			continue // the checksum is that of the packed file; the fingerprints cover the content
		}
		sum, err := fileSHA256(ctx, data, v.Files[i], &f)
		if err != nil {
			return err
		}
		if sum != f.SHA256 {
			v.Differences = append(v.Differences, fmt.Sprintf("file %s: sha256 is %s, expected %s", v.Files[i], sum, f.SHA256))
		}
	}
	return nil
}

func (v *Verification) compare(want *datasets.Lock) {
	differ := func(what string, got, want any) {
		if got != want {
			v.Differences = append(v.Differences, fmt.Sprintf("%s: found %v, expected %v", what, got, want))
		}
	}
	differ("documents", v.Found.Documents, want.Documents)
	if want.Tokens > 0 {
		differ("tokens", v.Found.Tokens, want.Tokens)
	}
	differ("spans", v.Found.Spans, want.Spans)
	for _, t := range union(v.Found.ByType, want.ByType) {
		differ(fmt.Sprintf("spans of %q", t), v.Found.ByType[t], want.ByType[t])
	}
	for _, l := range union(v.Found.Dropped, want.Dropped) {
		differ(fmt.Sprintf("dropped spans of label %q", l), v.Found.Dropped[l], want.Dropped[l])
	}
	differ("texts_sha256", v.Found.TextsSHA256, want.TextsSHA256)
	differ("spans_sha256", v.Found.SpansSHA256, want.SpansSHA256)
}

// union returns the keys of both maps, sorted.
func union[K ~string](a, b map[K]int) []K {
	all := maps.Clone(a)
	if all == nil {
		all = map[K]int{}
	}
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}
