package site

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"nerbench/ner"
)

// domainsOfFixture have as many datasets as the benchmark.
var domainsOfFixture = []struct {
	name string
	n    int
}{{"general", 16}, {"biomed", 8}, {"clinics", 7}, {"stem", 7}, {"programming", 1}, {"social-media", 5}, {"law", 3}, {"finance", 1}, {"transportation", 1}}

var (
	trees  = strings.Fields("Alder Ash Beech Birch Cedar Elm Fir Hazel Holly Larch Linden Maple Oak Pine Rowan Spruce Willow Yew")
	places = strings.Fields("Harbour Meadow Valley Summit Island Quarry Bridge Orchard")
	labs   = []string{"Northfield", "Lake Institute", "Openwood", "Studio Nine"}
	kinds  = strings.Fields("person place organisation product event quantity date substance procedure")
)

// generated is a board of invented models and datasets. It depends on the numbers alone.
func generated(models, datasets int) *Board {
	g := &generator{rand.New(rand.NewPCG(1, uint64(models*1000+datasets))), &Board{
		Title: "Invented board", Version: "0.0.0-test", Date: "2026-05-17", Metrics: []string{"span_f1", "uniner_f1"},
		Definitions: map[string]string{"span_f1": "sets of (start, end, type): strict entity-level F1", "uniner_f1": "sets of normalised strings"},
	}}
	g.makeDatasets(datasets)
	for i := range models {
		g.model(i)
	}
	slices.SortFunc(g.Models, func(a, b Model) int { return strings.Compare(a.Slug, b.Slug) })
	g.suites()
	g.ranks()
	for i, value := range []string{"0.7", "1", ""} {
		f := 0.6 + float64(i)/100
		g.Ablations = append(g.Ablations, Ablation{
			Model: g.Models[i/2].Slug, Key: "temperature", Base: "0", Value: value, Datasets: []string{g.Datasets[0].ID}, F1: f, BaseF1: 0.62,
			Test: Test{Difference: f - 0.62, Interval: &[2]float64{f - 0.63, f - 0.61}, P: 0.00005, PAdjusted: 0.0123},
		})
	}
	g.Log = []LogEvent{
		{Event: "added", Run: g.Runs[0].ID, Model: g.Runs[0].Model, Dataset: g.Runs[0].Dataset, User: "mira"},
		{Event: "withdrawn", Run: "0123456789abcdef", Model: "ollama/gone", Dataset: g.Datasets[0].ID, User: "bo", Reason: "trained on the test split"},
	}
	return g.Board
}

type generator struct {
	*rand.Rand
	*Board
}

func (g *generator) makeDatasets(n int) {
	for _, domain := range domainsOfFixture {
		for i := range domain.n {
			if len(g.Datasets) == n {
				return
			}
			id := fmt.Sprintf("%s-%s", strings.ToLower(places[len(g.Datasets)%len(places)]), domain.name)
			if i > 0 {
				id += fmt.Sprint("-", i+1)
			}
			if len(g.Datasets) == 0 {
				id = "crossner-ai" // papers have numbers on it
			}
			d := Dataset{
				ID: id, Title: places[len(g.Datasets)%len(places)] + " " + domain.name, Domain: domain.name, Licence: []string{"CC-BY-4.0", "MIT", "data use agreement"}[i%3],
				Fingerprint: fmt.Sprintf("sha256:%064x", g.Uint64()), Passages: 200 + g.IntN(20_000), Text: i%3 < 2,
				Ceiling: some(0.97 + 0.03*g.Float64()), Distinguishable: some(0.005 + 0.03*g.Float64()),
			}
			d.Spans = 2 * d.Passages
			d.Published = d.Passages - g.IntN(2)
			for _, k := range kinds[:2+g.IntN(len(kinds)-2)] {
				d.Types = append(d.Types, ner.EntityType(k))
			}
			g.Datasets = append(g.Datasets, d)
		}
	}
}

func (g *generator) model(i int) {
	size := []int{1, 3, 7, 8, 13, 32, 70}[i%7]
	name := fmt.Sprintf("%s %dB", trees[i%len(trees)], size)
	if i >= len(trees) {
		name = fmt.Sprintf("%s %d.%d %dB", trees[i%len(trees)], 1+i/len(trees), i%3, size)
	}
	open := i%5 != 0
	m := Model{
		Slug: Slugs([]string{name})[name], Name: name, Organisation: labs[i%len(labs)], Address: "ollama/" + strings.ToLower(strings.ReplaceAll(name, " ", "-")),
		Digest: fmt.Sprintf("sha256:%064x", g.Uint64()), Track: []string{"standard", "open"}[i%9/8], Tier: []Tier{"self-reported", "spot-checked", "reproduced", ""}[i%4],
		Parameters: fmt.Sprintf("%dB", size), Licence: []string{"Apache-2.0", "MIT", "own licence"}[i%3], OpenWeights: &open,
		Released: fmt.Sprintf("202%d-%02d", 3+i%4, 1+i%12), Demonstrations: i % 3 * i % 4, Family: []string{"uniner", "json_list"}[i%2], Seen: map[string]Seen{},
		Rerun: "nerbench run -m ollama/" + Slugs([]string{name})[name] + " --suite full49",
		Page:  "https://board.example/" + name, Cite: "@misc{invented" + fmt.Sprint(i) + ",\n  title = {" + name + "},\n  year = {2026},\n}\n",
	}
	if i%11 == 0 {
		m.Digest = ""
	}
	skill := 0.25 + 0.5*g.Float64()
	done := len(g.Datasets)
	if i%8 == 7 {
		done -= 1 + g.IntN(10)
	}
	for j, d := range g.Datasets {
		m.Seen[d.ID] = []Seen{SeenNo, SeenYes, SeenNo, SeenUnknown}[(i+j)%4]
		if i%3 == 0 {
			m.Seen[d.ID] = SeenNo
		}
		if j < done {
			g.Runs = append(g.Runs, g.run(m, d, skill, j == 3 && i%10 == 9))
		}
	}
	if i%6 == 0 {
		m.Others = []Configuration{{Name: "temperature=0.7"}, {Name: "family=gpt_ner"}}
	}
	g.Models = append(g.Models, m)
}

func (g *generator) run(m Model, d Dataset, skill float64, partial bool) Run {
	r := Run{
		ID: fmt.Sprintf("%016x", g.Uint64()), Model: m.Slug, Dataset: d.ID, Tier: m.Tier, Passages: d.Passages, Complete: d.Passages,
		Keys:       map[string]string{"model": m.Address, "dataset": d.ID, "split": "test", "family": m.Family, "temperature": "0", "digest": m.Digest},
		Facts:      map[string]string{"device": "invented accelerator", "server": "ollama 0.24.0"},
		Signatures: map[string]string{}, Scores: map[string]Measure{}, Types: map[ner.EntityType]map[string]Measure{},
		Outcomes: map[ner.Outcome]int{}, Counters: map[string]int{"unaligned": g.IntN(100)},
	}
	if m.Tier != "" {
		r.Submission = &Submission{
			User: "mira", Name: "Mira Novak", Affiliation: "Tessel Labs", Signer: "SHA256:" + strings.Repeat("Zz0/", 10) + "abc", Bundle: strings.Repeat("0123abcd", 8), Tool: "0.1.0",
			TrainedOn: "train", Configurations: 3, Files: []Source{{r.ID + ".json", "https://board.example/" + r.ID + ".json"}, {strings.Repeat("89ab", 16) + ".zst", ""}},
			Claims: map[string]Measure{"uniner_f1:tiers=4": {Score: ner.Score{TP: 3, NPred: 4, NGold: 5}, F1: some(2.0 / 3)}},
			Attestations: []Attestation{
				{User: "bo", Signer: "SHA256:" + strings.Repeat("Yy1+", 10) + "abc", Model: m.Address, Spot: 200, Equal: 199, F1Bundle: some(0.5), F1Now: some(0.49), P: 0.25, Tier: m.Tier, Files: []Source{{"bo.json", ""}}},
				{User: "mira", Model: m.Address, Spot: 2, Equal: 1, P: 1, Why: "by the submitter"},
			},
		}
	}
	if partial {
		r.Missing, r.Complete = "first 100 passages", 100
	}
	f := min(0.98, max(0.02, skill+0.2*(g.Float64()-0.5)))
	for k, metric := range g.Metrics {
		r.Scores[metric] = g.measure(d.Spans, f+0.02*float64(k))
		r.Signatures[metric] = "metric:" + metric + "|view:flat|split:test|parser:2|version:1"
	}
	for _, t := range d.Types {
		r.Types[t] = map[string]Measure{"span_f1": g.measure(d.Spans/len(d.Types), f), "uniner_f1": g.measure(d.Spans/len(d.Types), f)}
	}
	queries := d.Passages * len(d.Types)
	r.Outcomes[ner.Malformed], r.Outcomes[ner.Repaired], r.Outcomes[ner.Truncated] = g.IntN(queries/20), queries/50, g.IntN(5)
	r.Outcomes[ner.Empty] = queries / 2
	r.Outcomes[ner.OK] = queries - r.Outcomes[ner.Malformed] - r.Outcomes[ner.Repaired] - r.Outcomes[ner.Truncated] - r.Outcomes[ner.Empty]
	prompt, answer, seconds := int64(queries)*180, int64(queries)*14, float64(queries)*0.02
	if m.Track == "standard" {
		r.Cost = Cost{&prompt, &answer, &seconds, some(0.01 + 2*g.Float64())}
	}
	return r
}

// counted is an archive without passages, which has the errors of all runs of a board and
// the repairs of its datasets.
func counted(b *Board) *fakeArchive {
	f := &fakeArchive{errors: map[string]*ner.ErrorCounts{}, repairs: map[string]map[string]int{}}
	for _, d := range b.Datasets {
		f.repairs[d.ID] = map[string]int{"orphan_i": len(d.ID), string(d.Types[0]): 1_200}
	}
	for _, r := range b.Runs {
		types := slices.Sorted(maps.Keys(r.Types))
		e := &ner.ErrorCounts{Classes: map[string]int{"C": 0, "T": 0, "B": 40, "BT": 3, "MIS": 0, "SPU": 0, "MIS_overlapped": 4, "SPU_overlapping": 2}}
		add := func(class string, gold, pred ner.EntityType, n int) {
			e.Classes[class] += n
			e.Confusion = append(e.Confusion, ner.ConfusionCell{Gold: gold, Pred: pred, N: n})
		}
		for i, t := range types {
			s := r.Types[t]["span_f1"].Score
			add("C", t, t, s.TP)
			add("T", t, types[(i+1)%len(types)], 1+s.NGold/50)
			add("MIS", t, "", s.NGold/7)
			add("SPU", "", t, s.NGold/9)
		}
		for i, name := range []string{"1", "2", "3", "4 and more"} {
			e.Buckets = append(e.Buckets, ner.BucketCounts{Attribute: "eLen", Name: name, Counts: ner.Score{TP: 40 >> i, NPred: 55 >> i, NGold: 60 >> i}})
		}
		for _, name := range []string{"3–11", "12–19", "20–28", "29–64"} {
			e.Buckets = append(e.Buckets, ner.BucketCounts{Attribute: "sLen", Name: name, Counts: ner.Score{TP: 40, NPred: 55, NGold: 60}})
		}
		f.errors[r.ID] = e
	}
	return f
}

func (g *generator) measure(gold int, f float64) Measure {
	f = min(1, max(0, f))
	s := ner.Score{TP: int(f * float64(gold)), NPred: gold - gold/20, NGold: gold}
	m := Measure{Score: s, Precision: ratio(s.Precision()), Recall: ratio(s.Recall()), F1: ratio(s.F1())}
	if m.F1 != nil {
		m.Interval = &[2]float64{max(0, *m.F1-0.012), min(1, *m.F1+0.012)}
	}
	return m
}

func ratio(v float64, ok bool) *float64 {
	if !ok {
		return nil
	}
	return &v
}

func some(v float64) *float64 { return &v }

func (g *generator) suites() {
	all := []string{}
	byDomain := map[string][]string{}
	for _, d := range g.Datasets {
		all = append(all, d.ID)
		byDomain[d.Domain] = append(byDomain[d.Domain], d.ID)
	}
	g.Suites = append(g.Suites, g.suite("full49", "All datasets", all), g.suite("open", "Open data", all[:len(all)/2+1]))
	for _, domain := range domainsOfFixture {
		if len(byDomain[domain.name]) > 0 {
			g.Suites = append(g.Suites, g.suite(domain.name, strings.ToUpper(domain.name[:1])+domain.name[1:], byDomain[domain.name]))
		}
	}
}

func (g *generator) suite(id, title string, datasets []string) Suite {
	s := Suite{ID: id, Title: title, Datasets: slices.Clone(datasets)}
	domainOf := map[string]string{}
	for _, d := range g.Datasets {
		domainOf[d.ID] = d.Domain
	}
	for _, m := range g.Models {
		line := Line{Model: m.Slug, Domains: map[string]Mean{}}
		sums := map[string][]float64{}
		byDomain := map[string][]float64{}
		want := map[string]int{}
		var unseen []float64
		unknown, failed, asked := false, 0, 0
		for _, id := range datasets {
			want[domainOf[id]]++
			i := slices.IndexFunc(g.Runs, func(r Run) bool { return r.Model == m.Slug && r.Dataset == id })
			if i < 0 || g.Runs[i].Missing != "" {
				continue
			}
			r := g.Runs[i]
			line.Done++
			for _, metric := range g.Metrics {
				sums[metric] = append(sums[metric], *r.Scores[metric].F1)
			}
			f := *r.Scores["span_f1"].F1
			byDomain[domainOf[id]] = append(byDomain[domainOf[id]], f)
			unknown = unknown || m.Seen[id] == SeenUnknown
			if m.Seen[id] == SeenNo {
				unseen = append(unseen, f)
			}
			for o, n := range r.Outcomes {
				asked += n
				if o.Failure() {
					failed += n
				}
			}
			line.Cost = r.Cost
		}
		for domain, f := range byDomain {
			if len(f) == want[domain] {
				line.Domains[domain] = mean(f)
			}
		}
		if asked > 0 {
			line.Failures = some(float64(failed) / float64(asked))
		}
		if !unknown && len(unseen) > 0 {
			line.Unseen, line.ZeroShot = new(mean(unseen)), len(unseen)
		}
		if line.Done < len(datasets) {
			line.Missing = fmt.Sprintf("%d of %d datasets: %s", len(datasets)-line.Done, len(datasets), strings.Join(datasets[:min(3, len(datasets))], ", "))
			s.Unranked = append(s.Unranked, line)
			continue
		}
		line.Means = map[string]Mean{}
		for metric, f := range sums {
			line.Means[metric] = mean(f)
		}
		s.Ranked = append(s.Ranked, line)
	}
	slices.SortStableFunc(s.Ranked, func(a, b Line) int { return -compareFloats(a.Means["span_f1"].F1, b.Means["span_f1"].F1) })
	track := func(l Line) string {
		return g.Models[slices.IndexFunc(g.Models, func(m Model) bool { return m.Slug == l.Model })].Track
	}
	slices.SortStableFunc(s.Ranked, func(a, b Line) int { return -strings.Compare(track(a), track(b)) })
	n := 0
	for i := range s.Ranked {
		if n++; i > 0 && track(s.Ranked[i]) != track(s.Ranked[i-1]) {
			n = 1
		}
		s.Ranked[i].From, s.Ranked[i].To = max(1, n-2), n+1
	}
	return s
}

func compareFloats(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func mean(values []float64) Mean {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	f := sum / float64(len(values))
	return Mean{F1: f, Interval: &[2]float64{f - 0.006, f + 0.006}, Datasets: len(values)}
}

func (g *generator) ranks() {
	for i := range g.Datasets {
		d := &g.Datasets[i]
		for _, r := range g.Runs {
			if r.Dataset == d.ID {
				d.Ranks = append(d.Ranks, DatasetLine{Model: r.Model, Run: r.ID})
			}
		}
		f1 := func(l DatasetLine) float64 {
			k := slices.IndexFunc(g.Runs, func(r Run) bool { return r.ID == l.Run })
			if g.Runs[k].Missing != "" {
				return math.Inf(-1)
			}
			return *g.Runs[k].Scores["span_f1"].F1
		}
		slices.SortStableFunc(d.Ranks, func(a, b DatasetLine) int { return -compareFloats(f1(a), f1(b)) })
		for k := range d.Ranks {
			if !math.IsInf(f1(d.Ranks[k]), -1) {
				d.Ranks[k].From, d.Ranks[k].To = k+1, min(k+2, len(d.Ranks))
			}
		}
	}
}

// attacks are names that would do something in a page, a path or a terminal.
var attacks = []string{
	`</script><script>window.pwned=1</script>`, `../../x`, "\u202egpj.exe \u2066x", `<img src=x onerror=window.pwned=2>`,
	`" onmouseover="window.pwned=3`, `javascript:window.pwned=4`, `{{.}}`, "${window.pwned=5}", "a\x00b\x1b[31m", strings.Repeat("n", 10_000), "con", "'); window.pwned=6; ('",
}

// hostile is a board whose every text is an attack.
func hostile() *Board {
	b := generated(len(attacks), 4)
	slugs := Slugs(attacks)
	renamed := map[string]string{}
	for i, attack := range attacks {
		m := &b.Models[i]
		renamed[m.Slug] = slugs[attack]
		m.Slug = slugs[attack]
		m.Name, m.Organisation, m.Address, m.Digest, m.Licence, m.Parameters, m.Family, m.Rerun, m.Cite, m.Page = attack, attack, attack, attack, attack, attack, attack, attack, attack, attack
		m.Track, m.Tier, m.Released = attack, Tier(attack), attack
		m.Others = []Configuration{{Name: attack}}
	}
	sets := map[string]string{}
	for i := range b.Datasets {
		d := &b.Datasets[i]
		sets[d.ID] = attacks[i]
		d.ID, d.Title, d.Domain, d.Licence, d.Fingerprint = attacks[i], attacks[i], attacks[i], attacks[i], attacks[i]
		d.Types[0] = ner.EntityType(attacks[i])
		for k := range d.Ranks {
			d.Ranks[k].Model = renamed[d.Ranks[k].Model]
		}
	}
	for i := range b.Models {
		seen := map[string]Seen{}
		for id, s := range b.Models[i].Seen {
			seen[sets[id]] = s
		}
		b.Models[i].Seen = seen
	}
	for i := range b.Runs {
		r := &b.Runs[i]
		attack := attacks[i%len(attacks)]
		r.Model, r.Dataset = renamed[r.Model], sets[r.Dataset]
		r.Keys, r.Facts, r.Signatures = map[string]string{attack: attack}, map[string]string{attack: attack}, map[string]string{"span_f1": attack}
		r.Types[ner.EntityType(attack)] = r.Types["place"]
		r.Submission = &Submission{
			User: attack, Name: attack, Affiliation: attack, Signer: attack, Bundle: attack, Tool: attack, TrainedOn: attack, Files: []Source{{attack, attack}},
			Claims:       map[string]Measure{attack: {}},
			Attestations: []Attestation{{User: attack, Signer: attack, Model: attack, Tier: Tier(attack), Files: []Source{{attack, attack}}}, {Why: attack}},
		}
		b.Log = append(b.Log, LogEvent{Event: attack, Run: attack, Model: attack, Dataset: attack, User: attack, Reason: attack})
		r.Outcomes[ner.Outcome(attack)] = 1
		r.Counters = map[string]int{attack: 1}
	}
	for i := range b.Suites {
		s := &b.Suites[i]
		for k, id := range s.Datasets {
			s.Datasets[k] = sets[id]
		}
		s.Title = attacks[i%len(attacks)]
		if i > 1 {
			s.ID = attacks[i%len(attacks)]
		}
		for _, lines := range [][]Line{s.Ranked, s.Unranked} {
			for k := range lines {
				lines[k].Model = renamed[lines[k].Model]
				domains := map[string]Mean{}
				for _, m := range lines[k].Domains {
					domains[attacks[0]] = m
				}
				lines[k].Domains = domains
				lines[k].Missing = attacks[k%len(attacks)]
			}
		}
	}
	for i := range b.Ablations {
		a := &b.Ablations[i]
		a.Model, a.Key, a.Base, a.Value = renamed[a.Model], attacks[i], attacks[i+1], attacks[i+2]
	}
	slices.SortFunc(b.Models, func(a, b Model) int { return strings.Compare(a.Slug, b.Slug) })
	b.Title = attacks[0]
	return b
}
