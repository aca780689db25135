package harness

import (
	"context"

	"nerbench/datasets"
	"nerbench/ner"
	"nerbench/results"
	"nerbench/runners/open"
)

// A part of the passages (run --shard) is a way of asking, not another run: the run has
// the passages, the keys and the id of the whole run, and is partial until its parts are
// merged ([results.Merge]). So a part is never taken for a whole run.

// countPart returns the numbers of complete passages and of all passages of a part: those
// that it has. done tells for each passage of the run whether it is complete.
func countPart(done []bool, has func(index int) bool) (complete, passages int) {
	for i, d := range done {
		if !has(i) {
			continue
		}
		passages++
		if d {
			complete++
		}
	}
	return complete, passages
}

// takePart sets the part of the run that was asked for. whole reports whether the run is
// complete or was asked for as a whole, so that it can be scored.
func (r *Result) takePart(ctx context.Context, store *results.Store, part ner.Shard) (whole bool, err error) {
	if part.Whole() {
		return true, nil
	}
	done, err := store.Done(ctx, r.Run)
	if err != nil {
		return false, err
	}
	r.Part = &PartResult{Part: part.String()}
	r.Part.Complete, r.Part.Passages = countPart(done, part.Has)
	complete, passages := countPart(done, ner.Shard{}.Has)
	return complete == passages, nil
}

// noteApart notes that the answers of a part will not join those of other servers: a
// model that is identified by name is another one on each server.
func (b *Bench) noteApart(dataset *datasets.Dataset, part ner.Shard, m *open.Model) {
	if part.Whole() || m.Identity.Digest != "" || m.Identity.Address == "" {
		return
	}
	b.note("%s: %s is identified by its name and the addresses of its servers: the answers of this part will not join those of other servers (--weights identifies it by its weights)", dataset.ID, m.Identity.Model)
}
