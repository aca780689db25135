package harness

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"nerbench/boards"
	"nerbench/datasets"
	"nerbench/metrics/stats"
	"nerbench/ner"
	"nerbench/reports"
	"nerbench/reports/site"
	"nerbench/results"
)

// boardOf makes the board of a store with intervals.
func boardOf(t *testing.T, b *Bench) *site.Board {
	t.Helper()
	board, err := b.Board(t.Context(), BoardRequest{Resamples: 1000, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return board
}

func suiteOf(t *testing.T, board *site.Board, id string) *site.Suite {
	t.Helper()
	i := slices.IndexFunc(board.Suites, func(s site.Suite) bool { return s.ID == id })
	if i < 0 {
		t.Fatalf("no suite %s", id)
	}
	return &board.Suites[i]
}

// modelOf finds the model with this name in a track.
func modelOf(t *testing.T, board *site.Board, address, track string) *site.Model {
	t.Helper()
	i := slices.IndexFunc(board.Models, func(m site.Model) bool { return m.Address == address && m.Track == track })
	if i < 0 {
		t.Fatalf("no model %s in track %s", address, track)
	}
	return &board.Models[i]
}

func lineOf(t *testing.T, lines []site.Line, slug string) *site.Line {
	t.Helper()
	i := slices.IndexFunc(lines, func(l site.Line) bool { return l.Model == slug })
	if i < 0 {
		t.Fatalf("no line of %s", slug)
	}
	return &lines[i]
}

// mixedRuns are runs of models of several kinds on the suite law, and on others.
func mixedRuns() []generatedRun {
	runs := slices.Concat(lawRuns("ollama/good", 90, 0.8), lawRuns("ollama/middle", 90, 0.6), lawRuns("ollama/near", 90, 0.59), lawRuns("ollama/bad", 90, 0.3))
	runs = append(runs, generatedRun{Model: "ollama/good", Dataset: "finer-ord", Passages: 70, Skill: 0.5})
	for i := range runs {
		runs[i].Tokens = 50
	}
	lacking := lawRuns("ollama/lacking", 90, 0.9)[:2]
	beginning := lawRuns("ollama/beginning", 40, 0.95)
	for i := range beginning {
		beginning[i].Keys = map[string]string{"limit": "40"}
	}
	return slices.Concat(runs, lacking, beginning)
}

// TestBoardEqualsTables compares every number of a suite with that of tables: F1, counts,
// intervals, ranks, means.
func TestBoardEqualsTables(t *testing.T) {
	b := generatedStore(t, mixedRuns()...)
	board := boardOf(t, b)
	byDataset, err := b.Table(t.Context(), TableRequest{Suite: "law", Resamples: 1000, Ranks: true, Spec: reports.Spec{Metrics: board.Metrics}})
	if err != nil {
		t.Fatal(err)
	}
	law := suiteOf(t, board, "law")
	if len(law.Ranked) != 4 {
		t.Fatalf("%d models are ranked, want 4", len(law.Ranked))
	}
	ranked := map[string][]string{"model": {"ollama/good", "ollama/middle", "ollama/near", "ollama/bad"}} // others would shrink the means of a table
	whole, err := b.Table(t.Context(), TableRequest{Suite: "law", Resamples: 1000, Ranks: true, Spec: reports.Spec{Metrics: board.Metrics, Where: ranked}})
	if err != nil {
		t.Fatal(err)
	}
	byDomain, err := b.Table(t.Context(), TableRequest{Suite: "law", Resamples: 1000, Spec: reports.Spec{Rows: reports.KeyDomain, Metrics: board.Metrics, Where: ranked}})
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, line := range law.Ranked {
		model := board.Models[slices.IndexFunc(board.Models, func(m site.Model) bool { return m.Slug == line.Model })]
		for metric, mean := range line.Means {
			cell := whole.Cell(metric, reports.MeanRows, model.Address)
			if cell.Value == nil || mean.F1 != *cell.Value || !reflect.DeepEqual(mean.Interval, cell.CI) || cell.CI == nil || mean.Datasets != cell.Used {
				t.Errorf("%s, %s: mean %+v, in the table %v %v", line.Model, metric, mean, cell.Value, cell.CI)
			}
			compared++
		}
		if cell := whole.Cell("span_f1", reports.MeanRows, model.Address); *cell.Rank != [2]int{line.From, line.To} {
			t.Errorf("%s: ranks %d to %d, in the table %v", line.Model, line.From, line.To, *cell.Rank)
		}
		if cell := byDomain.Cell("span_f1", "law", model.Address); line.Domains["law"].F1 != *cell.Value || !reflect.DeepEqual(line.Domains["law"].Interval, cell.CI) {
			t.Errorf("%s: domain %+v, in the table %v", line.Model, line.Domains["law"], *cell.Value)
		}
	}
	for _, run := range board.Runs {
		model := board.Models[slices.IndexFunc(board.Models, func(m site.Model) bool { return m.Slug == run.Model })]
		for metric, measure := range run.Scores {
			cell := byDataset.Cell(metric, run.Dataset, model.Address)
			if cell == nil {
				continue // of another suite
			}
			if *measure.F1 != *cell.Value || !reflect.DeepEqual(measure.Interval, cell.CI) || measure.Score != *cell.Counts || *measure.Precision != *cell.Precision || *measure.Recall != *cell.Recall {
				t.Errorf("%s on %s, %s: %+v, in the table %+v", run.Model, run.Dataset, metric, measure, cell)
			}
			compared++
		}
	}
	for _, d := range board.Datasets {
		for _, l := range d.Ranks {
			model := board.Models[slices.IndexFunc(board.Models, func(m site.Model) bool { return m.Slug == l.Model })]
			cell := byDataset.Cell("span_f1", d.ID, model.Address)
			if cell == nil {
				continue
			}
			got := [2]int{l.From, l.To}
			if cell.Rank == nil && got != [2]int{} || cell.Rank != nil && got != *cell.Rank {
				t.Errorf("%s on %s: ranks %v, in the table %v", l.Model, d.ID, got, cell.Rank)
			}
			compared++
		}
	}
	if compared < 40 {
		t.Errorf("only %d numbers were compared", compared)
	}
}

// TestBoardPairsEqualComparisons compares the tests of pairs with those of package stats,
// which compare uses.
func TestBoardPairsEqualComparisons(t *testing.T) {
	ctx := t.Context()
	b := generatedStore(t, mixedRuns()...)
	board := boardOf(t, b)
	store, err := b.ReadStore(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	counts := func(slug, dataset string) []ner.Score {
		i := slices.IndexFunc(board.Runs, func(r site.Run) bool { return r.Model == slug && r.Dataset == dataset })
		c, err := store.Counts(ctx, board.Runs[i].ID, "span_f1")
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	check := func(name string, got site.Test, datasets []stats.Dataset) {
		t.Helper()
		want, in := stats.Compare(datasets), stats.BootstrapPair(datasets, 1000).Difference
		if got.P != want.P || got.Difference != want.Difference || got.Interval == nil || *got.Interval != [2]float64{in.Low, in.High} {
			t.Errorf("%s: %+v with interval %v, want %+v, %v", name, got, got.Interval, want, in)
		}
	}
	if len(board.Pairs) != 10 { // of five models with whole runs
		t.Fatalf("%d pairs, want 10", len(board.Pairs))
	}
	for _, p := range board.Pairs {
		var datasets []stats.Dataset
		var raw, adjusted []float64
		for _, id := range slices.Sorted(maps.Keys(p.Datasets)) {
			one := stats.Dataset{Seed: stats.DatasetSeed(0, id), A: counts(p.A, id), B: counts(p.B, id)}
			check(p.A+" and "+p.B+" on "+id, p.Datasets[id], []stats.Dataset{one})
			datasets = append(datasets, one)
			raw, adjusted = append(raw, p.Datasets[id].P), append(adjusted, p.Datasets[id].PAdjusted)
		}
		check(p.A+" and "+p.B, *p.Mean, datasets)
		if !slices.Equal(adjusted, stats.Holm(raw)) {
			t.Errorf("%s and %s: adjusted %v, raw %v", p.A, p.B, adjusted, raw)
		}
	}
}

// TestBoardRanksWholeSuites checks which models stand below the line, and that they change
// nothing for the others (docs/spec/metrics.md §12.7).
func TestBoardRanksWholeSuites(t *testing.T) {
	b := generatedStore(t, mixedRuns()...)
	board := boardOf(t, b)
	law := suiteOf(t, board, "law")
	var ranked []string
	for _, l := range law.Ranked {
		ranked = append(ranked, l.Model)
	}
	if want := []string{"ollama-good", "ollama-middle", "ollama-near", "ollama-bad"}; !slices.Equal(ranked, want) && !slices.Equal(ranked, []string{want[0], want[2], want[1], want[3]}) {
		t.Errorf("ranked %v", ranked)
	}
	for slug, want := range map[string]string{
		"ollama-lacking": "1 of 3 datasets: mapa-fine", "ollama-beginning": "3 of 3 datasets: e-ner (first 40 of 90 passages), mapa-coarse (first 40 of 90 passages)",
	} {
		l := lineOf(t, law.Unranked, slug)
		if l.From != 0 || l.To != 0 || len(l.Means) != 0 || !strings.HasPrefix(l.Missing, want) {
			t.Errorf("%s: %+v, want %q", slug, l, want)
		}
	}
	if near, middle := lineOf(t, law.Ranked, "ollama-near"), lineOf(t, law.Ranked, "ollama-middle"); near.From != middle.From || near.From != 2 || near.To != 3 {
		t.Errorf("near %+v and middle %+v share ranks 2 to 3", near, middle)
	}
	without, err := generatedStore(t, mixedRuns()[:13]...).Board(t.Context(), BoardRequest{Resamples: 1000, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if other := suiteOf(t, without, "law"); !reflect.DeepEqual(other.Ranked, law.Ranked) {
		t.Error("models that are not ranked change the ranking")
	}
	if full := suiteOf(t, board, "full49"); len(full.Ranked) != 0 || len(full.Unranked) != 6 {
		t.Errorf("full49: %d ranked, %d unranked, want 0 and 6", len(full.Ranked), len(full.Unranked))
	}
	for _, r := range board.Runs {
		if partial := r.Model == "ollama-beginning"; partial != (r.Missing != "") {
			t.Errorf("%s on %s: missing %q", r.Model, r.Dataset, r.Missing)
		}
	}
	if again := boardOf(t, b); !reflect.DeepEqual(again, board) {
		t.Error("the board of the same store differs")
	}
}

// TestBoardFoldsConfigurations checks that a digest has one line in a track.
func TestBoardFoldsConfigurations(t *testing.T) {
	var runs []generatedRun
	add := func(model, digest string, skill float64, keys map[string]string) {
		for _, r := range lawRuns(model, 60, skill) {
			r.Keys = map[string]string{"digest": digest}
			for k, v := range keys {
				r.Keys[k] = v
			}
			runs = append(runs, r)
		}
	}
	add("ollama/a", "aaaaaaaaaaaaaaaa", 0.5, nil)
	add("ollama/a", "aaaaaaaaaaaaaaaa", 0.6, map[string]string{"sampling_seed": "2"})
	add("ollama/alias", "aaaaaaaaaaaaaaaa", 0.55, map[string]string{"sampling_seed": "3"})
	add("ollama/a", "aaaaaaaaaaaaaaaa", 0.9, map[string]string{"shots": "3"})
	add("ollama/a", "aaaaaaaaaaaaaaaa", 0.95, map[string]string{"family": "json_list", "variant": "plain"})
	add("ollama/a", "bbbbbbbbbbbbbbbb", 0.4, nil) // other weights under the same name
	board := boardOf(t, generatedStore(t, runs...))
	if len(board.Models) != 3 {
		t.Fatalf("%d models, want 3", len(board.Models))
	}
	standard := board.Models[slices.IndexFunc(board.Models, func(m site.Model) bool { return m.Digest == "aaaaaaaaaaaaaaaa" && m.Track == "standard" })]
	if len(standard.Others) != 2 || standard.Others[0].Means["law"].Datasets != 3 || !strings.Contains(standard.Others[0].Name, "sampling_seed=") || len(standard.Others[0].Runs) != 3 {
		t.Errorf("other configurations: %+v", standard.Others)
	}
	if best := standard.Others[0].Means["law"].F1; lineOf(t, suiteOf(t, board, "law").Ranked, standard.Slug).Means["span_f1"].F1 < best {
		t.Errorf("the line is not the best configuration")
	}
	if len(board.Folded) != 9 { // on three datasets each: two of the first line, one of the track open
		t.Errorf("%d runs of folded configurations, want 9", len(board.Folded))
	}
	for _, r := range board.Folded {
		m := board.Models[slices.IndexFunc(board.Models, func(m site.Model) bool { return m.Slug == r.Model })]
		at := slices.IndexFunc(m.Others, func(c site.Configuration) bool { return slices.Contains(c.Runs, r.ID) })
		if at < 0 || r.Configuration == "" || r.Configuration != m.Others[at].Name || r.Scores["span_f1"].Interval == nil || r.Missing != "" {
			t.Errorf("folded run %+v of %+v", r, m.Others)
		}
		if slices.ContainsFunc(board.Runs, func(o site.Run) bool { return o.ID == r.ID }) {
			t.Errorf("run %s is in the matrix, too", r.ID)
		}
	}
	open := modelOf(t, board, "ollama/a", "open")
	for _, m := range board.Models {
		want := map[string]string{"aaaaaaaaaaaaaaaa standard": "a aaaaaaaa", "bbbbbbbbbbbbbbbb standard": "a bbbbbbbb", "aaaaaaaaaaaaaaaa open": "a"}
		if m.Name != want[m.Digest+" "+m.Track] {
			t.Errorf("%s in track %s is called %q", m.Digest, m.Track, m.Name)
		}
	}
	if len(open.Others) != 1 || open.Family != "json_list" {
		t.Errorf("open track: %+v", open)
	}
	first := suiteOf(t, board, "law").Ranked[0]
	if first.Model != standard.Slug || first.From != 1 || first.To != 1 {
		t.Errorf("first line %+v: want the standard track, which is ranked apart", first)
	}
	if !strings.Contains(open.Slug, "open") || !strings.HasSuffix(standard.Slug, "aaaaaaaaaaaa") {
		t.Errorf("slugs %s and %s", standard.Slug, open.Slug)
	}
}

// TestBoardFacts checks cost, facts of the card, and what was seen in training.
func TestBoardFacts(t *testing.T) {
	cards := t.TempDir()
	card := "title = \"House\"\nmodel = \"ollama/house\"\nfamily = \"uniner\"\nvariant = \"repo\"\nshape = \"completion\"\ntraining = [\"e-ner\"]\n" +
		"price_in = 2.0\nprice_out = 10.0\norganisation = \"Lab\"\nparameters = \"7B\"\nlicence = \"MIT\"\nopen_weights = true\nreleased = \"2024-06\"\nwhere = \"lab/house_7b\"\n"
	if err := os.WriteFile(filepath.Join(cards, "house.toml"), []byte(card), 0o600); err != nil {
		t.Fatal(err)
	}
	runs := slices.Concat(lawRuns("ollama/house", 50, 0.7), lawRuns("vllm/org/silent", 50, 0.6), lawRuns("ollama/half", 50, 0.5))
	for i := range runs {
		if runs[i].Model == "ollama/house" || runs[i].Model == "ollama/half" && i%3 == 0 {
			runs[i].Tokens = 100
		}
	}
	b := generatedStore(t, runs...)
	b.Cards = cards
	board := boardOf(t, b)
	house := modelOf(t, board, "ollama/house", "standard")
	if house.Name != "House" || house.Organisation != "Lab" || house.Parameters != "7B" || house.Licence != "MIT" || house.OpenWeights == nil || house.Released != "2024-06" || house.Digest != "" {
		t.Errorf("facts %+v", house)
	}
	if house.Seen["e-ner"] != site.SeenYes || house.Seen["mapa-fine"] != site.SeenNo {
		t.Errorf("seen %v", house.Seen)
	}
	cite := "@misc{" + house.Slug + ",\n  author = {{Lab}},\n  title = {{House}},\n  year = {2024},\n  howpublished = {\\url{https://huggingface.co/lab/house_7b}},\n" +
		"  note = {Model ollama/house; run with nerbench test, newest answer of " + board.Date + "},\n}\n"
	if house.Page != "https://huggingface.co/lab/house_7b" || house.Cite != cite || board.Date == "" {
		t.Errorf("page %s, to be cited as\n%s\nwant\n%s", house.Page, house.Cite, cite)
	}
	law := suiteOf(t, board, "law")
	line := lineOf(t, law.Ranked, house.Slug)
	if line.ZeroShot != 2 || line.Unseen == nil || line.Unseen.Datasets != 2 || line.Unseen.Interval == nil {
		t.Errorf("unseen %+v of %d", line.Unseen, line.ZeroShot)
	}
	// 3 × 50 prompts of 100 tokens, answers of 10: 1,000 × (100·2 + 10·10)/10⁶ for 1,000 passages
	if c := line.Cost; c.PromptTokens == nil || *c.PromptTokens != 15_000 || *c.AnswerTokens != 1_500 || c.Price == nil || fmt.Sprintf("%.6f", *c.Price) != "0.300000" {
		t.Errorf("cost %+v", c)
	}
	for _, address := range []string{"vllm/org/silent", "ollama/half"} {
		m := modelOf(t, board, address, "standard")
		line := lineOf(t, law.Ranked, m.Slug)
		if line.Cost != (site.Cost{}) || line.Unseen != nil || m.Seen["e-ner"] != site.SeenUnknown || m.OpenWeights != nil {
			t.Errorf("%s: %+v, %+v: want unknown", address, line, m)
		}
	}
	if m := modelOf(t, board, "vllm/org/silent", "standard"); m.Name != "silent" || m.Organisation != "org" || m.Page != "" || !strings.HasPrefix(m.Cite, "@misc{vllm-org-silent,\n  author = {{org}},\n  title = {{silent}},\n  note = {") {
		t.Errorf("name %q of %q", m.Name, m.Organisation)
	}
}

// TestBoardOfTheSample checks the board of a store without runs of the benchmark.
func TestBoardOfTheSample(t *testing.T) {
	b, _ := ranSamples(t, ner.Plan{Dataset: "sample-law"})
	board := boardOf(t, b)
	if len(board.Suites) != 1 || board.Suites[0].ID != "sample" || len(board.Suites[0].Ranked) != 1 || board.Suites[0].Ranked[0].From != 1 {
		t.Fatalf("suites %+v", board.Suites)
	}
	m := board.Models[0]
	if m.Address != "tagger" || m.Digest != "" || m.Seen["sample-law"] != site.SeenYes || m.Rerun != "nerbench run -m tagger -d sample-law" {
		t.Errorf("model %+v", m)
	}
	if m.Name != "tagger" {
		t.Errorf("the only tagger is called %q", m.Name)
	}
	if c := board.Runs[0].Cost; c.PromptTokens != nil || c.Price != nil {
		t.Errorf("cost of the tagger: %+v, want unknown tokens", c)
	}
	if _, err := site.Build(t.Context(), filepath.Join(t.TempDir(), "site"), board, nil, site.Options{}); err != nil {
		t.Errorf("pages: %v", err)
	}
}

// TestRunningRunsAreMarked checks that a run that is being made is never whole.
func TestRunningRunsAreMarked(t *testing.T) {
	r := results.RunInfo{ID: "0123", State: results.Asking, Passages: 12, Complete: 3}
	m := &boardMaker{rank: "span_f1", coverages: Coverages([]results.RunInfo{r})}
	if got := m.missing(r); !strings.HasPrefix(got, "running, ") {
		t.Errorf("it lacks %q", got)
	}
	if m.whole(r) {
		t.Error("it is whole")
	}
}

// TestBoardOfSeeds checks that taggers of several seeds have names and commands of their own.
func TestBoardOfSeeds(t *testing.T) {
	seed := 3
	b, _ := ranSamples(t, ner.Plan{Dataset: "sample-law"}, ner.Plan{Dataset: "sample-law", SamplingSeed: &seed})
	rerun := map[string]string{}
	for _, m := range boardOf(t, b).Models {
		rerun[m.Name] = m.Rerun
	}
	want := map[string]string{
		"tagger, seed 0": "nerbench run -m tagger -d sample-law",
		"tagger, seed 3": "nerbench run -m tagger --set sampling_seed=3 -d sample-law",
	}
	if !maps.Equal(rerun, want) {
		t.Errorf("commands by name %q, want %q", rerun, want)
	}
}

// TestRerunOfASuiteOfTheBoard checks that the command names the datasets of a suite that
// the command run does not have.
func TestRerunOfASuiteOfTheBoard(t *testing.T) {
	rules, err := boards.Default()
	if err != nil {
		t.Fatal(err)
	}
	rules.Own = []datasets.Suite{{Name: "contracts", Title: "Contracts", Datasets: []string{"mapa-fine", "e-ner"}}}
	b := generatedStore(t, lawRuns("ollama/a", 9, 0.5)...)
	for suite, want := range map[string]string{"contracts": " -d mapa-fine,e-ner", "law": " --suite law"} {
		rules.SuiteNames = []string{suite}
		board, err := b.Board(t.Context(), BoardRequest{Rules: rules, Version: "test"})
		if err != nil {
			t.Fatal(err)
		}
		if got := board.Models[0].Rerun; !strings.HasSuffix(got, want) {
			t.Errorf("suite %s: %q, want it to end with %q", suite, got, want)
		}
	}
}

// TestTimesThatNobodyTells checks that a sum with an unknown time is unknown.
func TestTimesThatNobodyTells(t *testing.T) {
	timed, imported := results.RunInfo{ID: "timed"}, results.RunInfo{ID: "imported"}
	m := &boardMaker{rules: &boards.Board{}, costs: map[string]results.Cost{"timed": {Queries: 2, Duration: 3 * time.Second}, "imported": {Queries: 2}}}
	if c := m.cost(&boardEntry{}, []results.RunInfo{timed, timed}); c.Seconds == nil || *c.Seconds != 6 {
		t.Errorf("both are timed: %v seconds, want 6", c.Seconds)
	}
	if c := m.cost(&boardEntry{}, []results.RunInfo{timed, imported}); c.Seconds != nil {
		t.Errorf("one is not timed: %v seconds, want unknown", *c.Seconds)
	}
}

// bibTeX is an entry whose values have pairs of braces at most two deep.
var bibTeX = regexp.MustCompile(`^@misc\{s,\n(  [a-z]+ = \{(\{([^{}\\\n]|\\.)*\}|[^{}\\\n]|\\.)*\},\n)+\}\n$`)

// TestCitationsOfHostileModels checks that no name of a model ends a field of its entry,
// and that only safe addresses are in one.
func TestCitationsOfHostileModels(t *testing.T) {
	m := &boardMaker{request: BoardRequest{Version: "test"}, board: &site.Board{Date: "2026-01-02"}}
	for name, tc := range map[string]struct {
		model site.Model
		want  string
	}{
		"braces":     {site.Model{Slug: "s", Released: "2025-06", Name: "a}, year = {1", Organisation: `\input{x}`, Address: "ollama/a_b", Digest: "sha256:01"}, "author = {{\\textbackslash input\\{x\\}}},\n  title = {{a\\}, year = \\{1}},\n  year = {2025},\n  note = {Model ollama/a\\_b, digest sha256:01; run with nerbench test, newest answer of 2026-01-02},\n}\n"},
		"lines":      {site.Model{Slug: "s", Released: "2025-06", Name: "a\n@misc{b"}, "title = {{a @misc\\{b}},"},
		"no address": {site.Model{Slug: "s", Released: "2025-06", Name: "a", Page: "javascript:alert(1)"}, "year = {2025},\n  note"},
		"an address": {site.Model{Slug: "s", Released: "2025-06", Name: "a", Page: "https://lab.example/a}b"}, "year = {2025},\n  note"},
	} {
		if got := m.cite(&tc.model); !strings.Contains(got, tc.want) {
			t.Errorf("%s: %s\nwant %s", name, got, tc.want)
		} else if !bibTeX.MatchString(got) {
			t.Errorf("%s: is no entry: %s", name, got)
		}
	}
}
