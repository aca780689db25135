package harness

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"nerbench/datasets"
	"nerbench/distill"
	"nerbench/internal/fault"
	"nerbench/loaders"
	"nerbench/ner"
	"nerbench/prompts"
)

// TrainingRequest describes training data.
type TrainingRequest struct {
	// Dirs are folders of constructed data. There may be none if there are datasets.
	Dirs []string
	// Settings has empty values where the data decides: the filters are then those of the
	// folder, and the variant fits its types.
	Settings distill.Settings
	// Datasets are the ids of the supervised mix, if not those of Settings.Suite.
	Datasets []string
	// HeldOutToo permits datasets of CrossNER and MIT, which the paper held out.
	HeldOutToo bool
	// Library is the folder of llama.cpp's libraries, to count tokens by a model file.
	Library string
	// Out is the folder that [Bench.WriteTraining] writes.
	Out string
}

// heldOut is the suite of datasets that are not in training data, so that a student can be
// compared with those of the paper.
const heldOut = "crossner-mit"

// Training makes training data of constructed data, and of datasets of the benchmark
// (docs/spec/prompts.md §6.5 to §6.7). It asks no model.
func (b *Bench) Training(ctx context.Context, r TrainingRequest) (*distill.Set, error) {
	mix, err := b.mixed(ctx, r)
	if err != nil {
		return nil, err
	}
	if len(r.Dirs) == 0 && len(mix) == 0 {
		return nil, fault.Usagef("distill build: want DIR, a folder of nerbench distill construct")
	}
	folders, err := b.filteredFolders(ctx, r)
	if err != nil {
		return nil, err
	}
	settings, err := settingsFor(r.Settings, folders, len(mix) > 0)
	if err != nil {
		return nil, err
	}
	if err := settings.Check(); err != nil {
		return nil, fault.Usagef("distill build: %v", err)
	}
	count, end, err := b.trainingCounter(ctx, &settings, r.Library)
	if err != nil {
		return nil, err
	}
	defer end()
	builder, err := distill.NewBuilder(settings, count)
	if err != nil {
		return nil, err
	}
	kept, err := distill.Join(folders)
	if err != nil {
		return nil, err
	}
	if len(folders) > 0 && len(kept) == 0 {
		err := fmt.Errorf("no kept passage in %s", strings.Join(r.Dirs, ", "))
		return nil, &fault.Hint{Err: err, Advice: "nerbench distill stats " + r.Dirs[0] + " counts what the filters dropped"}
	}
	if err := builder.AddKept(kept); err != nil {
		return nil, err
	}
	var added []distill.Mixed
	for _, d := range mix {
		m, err := b.mix(ctx, builder, d, settings)
		if err != nil {
			return nil, fmt.Errorf("dataset %s: %w", d.ID, err)
		}
		added = append(added, m)
	}
	set, err := builder.Set()
	if err != nil {
		return nil, err
	}
	set.Build.Table1 = distill.Statistics(distill.Frequency(kept), len(kept))
	for _, f := range folders {
		source, err := distill.NewSource(ctx, f.Name, f.Data)
		if err != nil {
			return nil, err
		}
		set.Build.Sources = append(set.Build.Sources, source)
	}
	set.Build.Mix = added
	for _, m := range added {
		set.Build.Seen = append(set.Build.Seen, m.Dataset)
	}
	return set, nil
}

// WriteTraining makes training data, and writes it into a folder.
func (b *Bench) WriteTraining(ctx context.Context, r TrainingRequest) (*distill.Set, error) {
	if r.Out == "" {
		return nil, fault.Usagef("distill build: want --out SET")
	}
	set, err := b.Training(ctx, r)
	if err != nil {
		return nil, err
	}
	return set, set.Write(ctx, r.Out)
}

// filteredFolders reads the folders of a request. Where its filters are not those of a
// folder, the answers of the teacher are filtered anew.
func (b *Bench) filteredFolders(ctx context.Context, r TrainingRequest) ([]distill.Folder, error) {
	s := r.Settings
	if _, err := distill.ParseFilters(s.Unclosed, s.Verbatim, s.Conflict); err != nil {
		return nil, fault.Usagef("distill build: --%v", err)
	}
	var folders []distill.Folder
	for _, dir := range r.Dirs {
		d, err := distill.ReadDir(ctx, dir)
		if err != nil {
			return nil, err
		}
		unclosed, verbatim, conflict := d.Corpus.Filters.Strings()
		filters, err := distill.ParseFilters(cmp.Or(s.Unclosed, unclosed), cmp.Or(s.Verbatim, verbatim), cmp.Or(s.Conflict, conflict))
		if err != nil {
			return nil, err
		}
		if filters != d.Corpus.Filters {
			if d, err = ReadConstructed(ctx, dir, filters); err != nil {
				return nil, err
			}
			b.note("%s: the answers were filtered anew: %s %s kept, no model was asked", dir, ner.Count(len(d.Kept), "passage"), ner.Are(len(d.Kept)))
		}
		if n := d.Unanswered(); n > 0 {
			b.note("%s: %d of %d passages have no answer yet", dir, n, d.Passages)
		}
		folders = append(folders, distill.Folder{Name: dir, Data: d})
	}
	return folders, nil
}

// settingsFor completes settings with what the data decides.
func settingsFor(s distill.Settings, folders []distill.Folder, mix bool) (distill.Settings, error) {
	base := "repo"
	for i, f := range folders {
		unclosed, verbatim, conflict := f.Corpus.Filters.Strings()
		first := folders[0]
		if f.Corpus.Teacher.Variant != first.Corpus.Teacher.Variant {
			return s, fault.Usagef("distill build: %s has types by %s, %s by %s: want folders of one variant", first.Name, first.Corpus.Teacher.Variant, f.Name, f.Corpus.Teacher.Variant)
		}
		if f.Corpus.Teacher.Variant == "definition" {
			base = "definition"
		}
		if i == 0 {
			s.Unclosed, s.Verbatim, s.Conflict = cmp.Or(s.Unclosed, unclosed), cmp.Or(s.Verbatim, verbatim), cmp.Or(s.Conflict, conflict)
		} else if f.Corpus.Filters != first.Corpus.Filters {
			return s, fault.Usagef("distill build: %s and %s have different filters: give --unclosed, --verbatim and --conflict", first.Name, f.Name)
		}
	}
	if s.Variant == "" {
		s.Variant = base
		if mix {
			s.Variant += "+nl"
		}
	}
	if len(folders) > 0 && (s.Base() == "definition") != (base == "definition") {
		return s, fault.Usagef("distill build: --variant %s: the types of %s are by the prompt %s of its teacher", s.Variant, folders[0].Name, folders[0].Corpus.Teacher.Variant)
	}
	if s.Line() != "" && !mix {
		return s, fault.Usagef("distill build: --variant %s: only datasets have a dataset line: want --suite or -d", s.Variant)
	}
	if !mix {
		s.Cap = 0
	}
	return s, nil
}

// trainingCounter opens the tokenizer of settings, which gets its name without folders, and
// its digest.
func (b *Bench) trainingCounter(ctx context.Context, s *distill.Settings, library string) (distill.Counter, func(), error) {
	if s.Tokens == "words" {
		return nil, func() {}, nil
	}
	file, gguf := strings.CutPrefix(s.Tokens, ggufTokens)
	if !gguf || file == "" {
		return nil, nil, fault.Usagef("distill build: --tokens %s: want words, or gguf:FILE", s.Tokens)
	}
	count, digest, end, err := b.fileCounter(ctx, file, library)
	s.Tokens, s.Tokenizer = tokensName(s.Tokens), digest
	return count, end, err
}

// mixed selects the datasets of the supervised mix.
func (b *Bench) mixed(ctx context.Context, r TrainingRequest) ([]*datasets.Dataset, error) {
	if len(r.Datasets) == 0 && r.Settings.Suite == "" {
		return nil, nil
	}
	ds, err := b.AskedDatasets(r.Datasets, r.Settings.Suite)
	if err != nil {
		return nil, err
	}
	if r.HeldOutToo {
		return ds, b.present(ctx, ds)
	}
	suite, err := datasets.FindSuite(heldOut)
	if err != nil {
		return nil, err
	}
	var refused []string
	for _, d := range ds {
		if slices.Contains(suite.Datasets, d.ID) {
			refused = append(refused, d.ID)
		}
	}
	if refused != nil {
		err := fault.Usagef("distill build: %s: the paper held out CrossNER and MIT, and a student that saw them is not zero-shot there", strings.Join(refused, ", "))
		return nil, &fault.Hint{Err: err, Advice: "leave them out (--suite supervised), or add --held-out-too"}
	}
	return ds, b.present(ctx, ds)
}

// present returns an error that names all datasets whose train split is not here.
func (b *Bench) present(ctx context.Context, ds []*datasets.Dataset) error {
	var missing, here, fetch []string
	for _, d := range ds {
		err := error(nil)
		if !strings.HasPrefix(d.ID, SamplePrefix) {
			err = loaders.Present(ctx, b.dataFS(), d, loaders.Options{Split: ner.Train})
		}
		switch {
		case err == nil:
			here = append(here, d.ID)
		case errors.Is(err, fs.ErrNotExist):
			why := "no files"
			if d.Access == "agreement" || d.Access == "paid" {
				why = "no files: " + map[string]string{"agreement": "needs an access agreement", "paid": "needs a paid licence"}[d.Access]
			} else {
				fetch = append(fetch, d.ID)
			}
			missing = append(missing, d.ID+" ("+why+")")
		default:
			missing = append(missing, d.ID+" ("+err.Error()+")")
		}
	}
	if missing == nil {
		return nil
	}
	err := error(&fault.DataError{Err: fmt.Errorf("%d of %d datasets of the mix have no train split here: %s", len(missing), len(ds), strings.Join(missing, ", "))})
	advice := "nerbench datasets import DATASET PATH"
	if fetch != nil {
		advice = "nerbench datasets fetch " + strings.Join(fetch, " ")
	}
	if len(fetch) > 0 && len(fetch) < len(missing) {
		advice += "; nerbench datasets import those that need a licence"
	}
	if here != nil {
		advice += "; or mix only those that are here: -d " + strings.Join(here, ",")
	}
	return &fault.Hint{Err: err, Advice: advice}
}

// mix adds the first documents of order(seed, "mix", dataset, documents) of a train split.
func (b *Bench) mix(ctx context.Context, to *distill.Builder, dataset *datasets.Dataset, s distill.Settings) (distill.Mixed, error) {
	out := distill.Mixed{Dataset: dataset.ID, Name: dataset.Title, Licence: dataset.Licence}
	words, err := b.trainingWords(dataset, s)
	if err != nil {
		return out, err
	}
	m := distill.Mixer{ID: dataset.ID, Name: dataset.Title, Line: s.Line(), Words: words}
	train := loaders.Options{Split: ner.Train}
	docs, err := b.Documents(ctx, dataset, train)
	if err != nil {
		return out, err
	}
	fingerprint := loaders.NewFingerprint()
	var ids []string
	for d, err := range docs {
		if err != nil {
			return out, err
		}
		fingerprint.Add(d)
		m.Add(d, s)
		ids = append(ids, d.ID)
	}
	if out.Documents = len(ids); out.Documents == 0 {
		return out, errors.New("the train split has no documents")
	}
	out.Fingerprint = fingerprint.DataKey()
	ids = prompts.Order(s.Seed, "mix", []string{dataset.ID}, ids)
	if s.Cap > 0 {
		ids = ids[:min(s.Cap, len(ids))]
	}
	out.Taken = len(ids)
	places := make(map[string]int, len(ids))
	for i, id := range ids {
		places[id] = i
	}
	chosen := make([]*distill.Conversation, len(ids))
	if docs, err = b.Documents(ctx, dataset, train); err != nil {
		return out, err
	}
	for d, err := range docs {
		if err != nil {
			return out, err
		}
		place, found := places[d.ID]
		if !found {
			continue
		}
		c, ok, err := m.Conversation(d, s)
		if err != nil {
			return out, err
		}
		if ok {
			chosen[place] = &c
		}
	}
	before := to.Passages()
	for _, c := range chosen {
		if c == nil {
			continue
		}
		if err := to.Add(*c); err != nil {
			return out, err
		}
	}
	out.Asked = to.Passages() - before
	return out, nil
}

// trainingWords are the types of a dataset as the prompts of a variant ask for them.
func (b *Bench) trainingWords(dataset *datasets.Dataset, s distill.Settings) (map[ner.EntityType]string, error) {
	pr := PromptDataset(dataset)
	if err := b.Describe(&pr); err != nil {
		return nil, err
	}
	if _, err := prompts.New(pr, prompts.Settings{Family: "uniner", Variant: s.Variant, Dataset: dataset.Title}); err != nil {
		return nil, fault.Usagef("%v", err)
	}
	words := map[ner.EntityType]string{}
	for _, t := range pr.Types {
		words[t.Name] = string(t.Name)
		if s.Base() == "definition" {
			words[t.Name] = t.Definition
		}
	}
	return words, nil
}
