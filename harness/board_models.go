package harness

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"nerbench/boards"
	"nerbench/datasets"
	"nerbench/ner"
	"nerbench/reports/site"
	"nerbench/results"
	"nerbench/runners/cards"
)

// boardEntry is a model in a track, with all its configurations; the main one is first.
type boardEntry struct {
	identity string // of the weights
	track    string
	model    string // the name in its runs
	card     *cards.Card
	configs  []*boardConfig
	slug     string
}

// boardConfig is one way to ask a model: a run on each of several datasets.
type boardConfig struct {
	id   string
	keys map[string]string // that all its runs have
	runs map[string]results.RunInfo
	all  []results.RunInfo // with those that do not count
}

func (e *boardEntry) main() *boardConfig { return e.configs[0] }

// whole reports whether a run can be ranked: complete, on the whole split, scored by the
// metric that ranks, and of a tier that is ranked.
func (m *boardMaker) whole(r results.RunInfo) bool {
	c := m.coverages[r.ID]
	score, scored := r.Scores.Metrics[m.rank]
	if r.State != results.Complete || !c.Whole() || c.Partial() || !scored || m.unrankedTier(r.ID) != "" {
		return false
	}
	_, _, f1 := Ratios(m.rank, score.Total)
	return f1 != nil
}

// group groups runs by model, track and configuration.
func (m *boardMaker) group(runs []results.RunInfo) []*boardEntry {
	type place struct{ identity, track string }
	entries := map[place]*boardEntry{}
	for _, r := range runs {
		card := findCard(m.cards, r)
		track := m.rules.Track(r.Keys, m.ownPrompts(r, card))
		if track == "" {
			continue // the board has no open track
		}
		at := place{identityOf(r), track}
		e := entries[at]
		if e == nil {
			e = &boardEntry{identity: at.identity, track: track, model: r.Keys["model"], card: card}
			entries[at] = e
		}
		e.model = min(e.model, r.Keys["model"])
		if e.card == nil {
			e.card = card
		}
		e.add(r)
	}
	list := slices.Collect(maps.Values(entries))
	names := make([]string, len(list))
	for i, e := range list {
		for _, c := range e.configs {
			m.choose(c)
		}
		slices.SortFunc(e.configs, m.better)
		names[i] = e.slugName(m.rules)
	}
	slugs := site.Slugs(names)
	for i, e := range list {
		e.slug = slugs[names[i]]
	}
	slices.SortFunc(list, func(a, b *boardEntry) int { return strings.Compare(a.slug, b.slug) })
	return list
}

// identityOf names the weights of a run. A model that is trained on each dataset has a
// digest of its own there, and is one with its settings.
func identityOf(r results.RunInfo) string {
	if training := r.Keys["training"]; training != "" {
		return byName + r.Keys["model"] + " " + trainingSettings(training)
	}
	if r.Keys["digest"] != "" {
		return r.Keys["digest"]
	}
	return byName + r.Keys["model"]
}

// trainingSettings are the settings of a training without those that belong to the
// dataset.
func trainingSettings(training string) string {
	return strings.Join(slices.DeleteFunc(strings.Fields(training), func(s string) bool { return strings.HasPrefix(s, "data=") }), " ")
}

// slugName is a name for the model and the track that no other one has: it ends with the
// beginning of the digest, so that other models do not change it.
func (e *boardEntry) slugName(rules *boards.Board) string {
	organisation, name := nameParts(e.model)
	parts := []string{organisation, name}
	if e.track != rules.Tracks[0].Name {
		parts = append(parts, e.track)
	}
	if digest := strings.TrimPrefix(e.digest(), "sha256:"); digest != "" {
		parts = append(parts, digest[:min(12, len(digest))])
	} else {
		parts = []string{strings.TrimPrefix(e.identity, byName), strings.Join(parts[2:], " ")}
	}
	return strings.TrimSpace(strings.Join(parts, " "))
}

// byName begins the identity of a model without a digest.
const byName = "name "

// digest is that of the weights; empty: the model is identified by its name.
func (e *boardEntry) digest() string {
	if strings.HasPrefix(e.identity, byName) {
		return ""
	}
	return e.identity
}

// findCard returns the card of the model of a run; nil if none is known.
func findCard(list []cards.Card, r results.RunInfo) *cards.Card {
	for i := range list {
		if slices.Contains(strings.Split(r.Facts["card"], "; "), list[i].Name) {
			return &list[i]
		}
	}
	for i := range list {
		if list[i].Model != "" && list[i].Model == r.Keys["model"] {
			return &list[i]
		}
	}
	return nil
}

// ownPrompts reports whether a run has the prompts of the model's card, or else those of
// the board.
func (m *boardMaker) ownPrompts(r results.RunInfo, card *cards.Card) bool {
	if boards.WithoutPrompts(r.Keys) {
		return true
	}
	family, variant := m.rules.Family, m.rules.Variant
	if card != nil {
		family, variant = card.Family, card.Variant
	}
	return r.Keys["family"] == family && (variant == "" || r.Keys["variant"] == variant)
}

// perDataset are keys whose value may differ between the datasets of one configuration:
// they follow from the dataset or the server.
var perDataset = map[string]bool{"context": true, "dataset": true}

// configKeys are the keys of a configuration. Descriptions of types differ between
// datasets; that there are some does not.
func configKeys(run map[string]string) map[string]string {
	keys := map[string]string{}
	for _, k := range ner.Keys {
		value := run[k.Name]
		if value == "" || k.Pooled || k.Part == ner.ModelPart || perDataset[k.Name] {
			continue
		}
		if k.Name == "descriptions" {
			value = "yes"
		}
		keys[k.Name] = value
	}
	return keys
}

func (e *boardEntry) add(r results.RunInfo) {
	keys := configKeys(r.Keys)
	id := configID(keys)
	i := slices.IndexFunc(e.configs, func(c *boardConfig) bool { return c.id == id })
	if i < 0 {
		i = len(e.configs)
		e.configs = append(e.configs, &boardConfig{id: id, keys: keys})
	}
	e.configs[i].all = append(e.configs[i].all, r)
}

func configID(keys map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(keys)) {
		fmt.Fprintf(&b, "%q=%q ", name, keys[name])
	}
	return b.String()
}

// choose chooses one run on each dataset: a whole one, then the one with most passages,
// then the newest.
func (m *boardMaker) choose(c *boardConfig) {
	c.runs = map[string]results.RunInfo{}
	slices.SortFunc(c.all, func(a, b results.RunInfo) int { return strings.Compare(a.ID, b.ID) })
	for _, r := range c.all {
		other, there := c.runs[r.Keys["dataset"]]
		if !there || m.counts(r, other) {
			c.runs[r.Keys["dataset"]] = r
		}
	}
}

// counts reports whether a run counts before another one.
func (m *boardMaker) counts(a, b results.RunInfo) bool {
	if x, y := m.whole(a), m.whole(b); x != y {
		return x
	}
	if a.Complete != b.Complete {
		return a.Complete > b.Complete
	}
	return a.Updated.After(b.Updated)
}

// better orders configurations: most complete datasets first, then the higher mean.
func (m *boardMaker) better(a, b *boardConfig) int {
	nA, meanA := m.completed(a)
	nB, meanB := m.completed(b)
	return cmp.Or(nB-nA, cmp.Compare(meanB, meanA), len(b.runs)-len(a.runs), strings.Compare(a.id, b.id))
}

// completed returns the number of complete datasets and the mean over them.
func (m *boardMaker) completed(c *boardConfig) (n int, mean float64) {
	var s system
	for _, d := range m.datasets {
		if r, there := c.runs[d.ID]; there && m.whole(r) {
			s = append(s, scored{r, m.rank})
		}
	}
	if len(s) == 0 {
		return 0, 0
	}
	return len(s), s.f1()
}

// ofTrack returns the entries of a track.
func (m *boardMaker) ofTrack(track string) []*boardEntry {
	return slices.DeleteFunc(slices.Clone(m.entries), func(e *boardEntry) bool { return e.track != track })
}

// seen reports whether the model saw a dataset in training.
func (m *boardMaker) seen(e *boardEntry, dataset string) site.Seen {
	if r, there := e.main().runs[dataset]; there {
		switch {
		case r.Keys["training"] != "":
			return site.SeenYes // it was trained on the dataset
		case e.card == nil && r.Facts["seen"] == "yes":
			return site.SeenYes
		case e.card == nil && r.Facts["seen"] == "no":
			return site.SeenNo
		}
	}
	if e.card == nil {
		return m.submittedModel(e).saw(dataset)
	}
	return site.Seen(e.card.Saw(dataset))
}

// addModels describes the models.
func (m *boardMaker) addModels() {
	for _, e := range m.entries {
		c := e.main()
		out := site.Model{
			Slug: e.slug, Address: e.model, Track: e.track, Family: c.keys["family"], Demonstrations: demonstrations(c.keys["shots"]),
			Tier: m.weakestTier(e), Seen: map[string]site.Seen{},
		}
		out.Organisation, out.Name = nameParts(e.model)
		if strings.HasPrefix(e.model, ner.ImportedPrefix) {
			out.Name, out.Imported = out.Name+" (imported)", true
		}
		out.Digest = e.digest()
		if card := e.card; card != nil {
			out.Name, out.Organisation = card.Title, cmp.Or(card.Organisation, out.Organisation)
			out.Parameters, out.Licence, out.OpenWeights, out.Released = card.Parameters, card.Licence, card.OpenWeights, card.Released
		}
		m.submittedModel(e).describe(&out, e.card != nil)
		for _, d := range m.datasets {
			out.Seen[d.ID] = m.seen(e, d.ID)
		}
		for _, other := range e.configs[1:] {
			out.Others = append(out.Others, m.configuration(c, other))
		}
		out.Rerun, out.Page = m.rerun(e), m.pageOf(e)
		m.board.Models = append(m.board.Models, out)
	}
	m.tellApart()
	for i := range m.board.Models { // by the names that tell them apart
		m.board.Models[i].Cite = m.cite(&m.board.Models[i])
	}
}

// tellApart adds to models of one name in one track what they differ in: the settings of
// their training, else the beginning of the digest, else the name with its runner.
func (m *boardMaker) tellApart() {
	type label struct{ organisation, name, track string }
	same := map[label][]int{}
	for i, of := range m.board.Models {
		at := label{of.Organisation, of.Name, of.Track}
		same[at] = append(same[at], i)
	}
	for _, group := range same {
		if len(group) < 2 {
			continue
		}
		settings := map[string]int{} // how many of the group have it
		for _, i := range group {
			for _, s := range strings.Fields(m.entries[i].training()) {
				settings[s]++
			}
		}
		for _, i := range group {
			of := &m.board.Models[i]
			own := slices.DeleteFunc(strings.Fields(m.entries[i].training()), func(s string) bool { return settings[s] == len(group) })
			switch {
			case len(own) > 0:
				of.Name += ", " + strings.ReplaceAll(strings.Join(own, ", "), "=", " ")
			case of.Digest != "":
				digest := strings.TrimPrefix(of.Digest, "sha256:")
				of.Name += " " + digest[:min(8, len(digest))]
			default:
				of.Name = of.Address
			}
		}
	}
}

// training are the settings of a model that is trained on each dataset; "" for others.
func (e *boardEntry) training() string {
	return trainingSettings(e.main().all[0].Keys["training"])
}

// demonstrations is the number of examples that the key shots asks for.
func demonstrations(shots string) int {
	k, _, _ := strings.Cut(shots, ":")
	n, _ := strconv.Atoi(k) // no key: 0
	return n
}

// nameParts returns the organisation and the short name in the name of a model: without
// its runner, its folder, the end of a file's name and the beginning of a digest.
func nameParts(model string) (organisation, name string) {
	kind, rest, found := strings.Cut(model, "/")
	if !found {
		return "", model
	}
	if at := strings.LastIndex(rest, "@"); at > 0 {
		rest = rest[:at]
	}
	name = path.Base(rest)
	if kind == "gguf" || kind == "onnx" {
		return "", strings.TrimSuffix(name, ".gguf")
	}
	if dir := path.Dir(rest); dir != "." {
		organisation = path.Base(dir)
	}
	return organisation, name
}

// configuration describes another configuration by the keys in which it differs from the
// main one.
func (m *boardMaker) configuration(main, other *boardConfig) site.Configuration {
	out := site.Configuration{Means: map[string]site.Mean{}}
	out.Name = differences(main, other)
	for _, dataset := range slices.Sorted(maps.Keys(other.runs)) {
		out.Runs = append(out.Runs, other.runs[dataset].ID)
	}
	for i := range m.suites {
		s := &m.suites[i]
		if of, ok := m.complete(other, s.datasets); ok {
			out.Means[s.id] = m.mean(of)
		}
	}
	return out
}

// differences lists the keys in which a configuration differs from the main one.
func differences(main, other *boardConfig) string {
	var parts []string
	for _, k := range ner.Keys {
		if value := other.keys[k.Name]; value != main.keys[k.Name] {
			parts = append(parts, k.Name+"="+value)
		}
	}
	return strings.Join(parts, ", ")
}

// complete returns the scores of a configuration on datasets; ok is false if one of them
// has no whole run.
func (m *boardMaker) complete(c *boardConfig, ds []*datasets.Dataset) (of system, ok bool) {
	for _, d := range ds {
		r, there := c.runs[d.ID]
		if !there || !m.whole(r) {
			return nil, false
		}
		of = append(of, scored{r, m.rank})
	}
	return of, len(of) > 0
}

// by returns the same scores by another metric; ok is false if a run has none.
func (s system) by(metric string) (of system, ok bool) {
	for _, one := range s {
		score, there := one.run.Scores.Metrics[metric]
		if _, _, f1 := Ratios(metric, score.Total); !there || f1 == nil {
			return nil, false
		}
		of = append(of, scored{one.run, metric})
	}
	return of, true
}

// mean is the mean of a system, without its interval.
func (m *boardMaker) mean(of system) site.Mean { return site.Mean{F1: of.f1(), Datasets: len(of)} }

// readCosts reads the costs of the runs on the board, and keeps those that were computed.
func (m *boardMaker) readCosts(ctx context.Context) error {
	m.costs = map[string]results.Cost{}
	fresh := map[string]results.RunInfo{}
	for _, e := range m.entries {
		for _, config := range e.configs {
			for _, r := range config.runs {
				c, err := m.statistics.cache.cost(r, func() (results.Cost, error) {
					c, kept, err := m.statistics.store.Cost(ctx, r.ID)
					if !kept {
						fresh[r.ID] = r
					}
					return c, err
				})
				if err != nil {
					return err
				}
				m.costs[r.ID] = c
			}
		}
	}
	m.statistics.keep(ctx, len(fresh), func(store *results.Store) error {
		for id, r := range fresh {
			if err := store.SaveCost(ctx, r, m.costs[id]); err != nil {
				return err
			}
		}
		return nil
	})
	return nil
}
