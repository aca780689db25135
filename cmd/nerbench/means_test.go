package main

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"nerbench/datasets"
	"nerbench/internal/filetest"
	"nerbench/reports/paper"
)

// nativeFile is where a dataset of the benchmark has its columns, and the labels of the
// invented sentences in it.
type nativeFile struct {
	train, test string
	labels      [2]string
	line        func(token, tag string) string
}

func tokenFirst(separator string) func(token, tag string) string {
	return func(token, tag string) string { return token + separator + tag }
}

// meanDatasets are inside and outside of the tables of the paper: two of Tables 3 to 5,
// two of Table 2, one of the figures over all datasets only, and one of the user's own.
var meanDatasets = map[string]nativeFile{
	"mit-movie": {"mit-movie/engtrain.bio", "mit-movie/engtest.bio", [2]string{"ACTOR", "TITLE"}, func(token, tag string) string { return tag + "\t" + token }},
	"crossner-ai": {
		"crossner-ai/ner_data/ai/train.txt", "crossner-ai/ner_data/ai/test.txt", [2]string{"researcher", "algorithm"}, tokenFirst("\t"),
	},
	"fabner":    {"fabner/train.txt", "fabner/test.txt", [2]string{"MATE", "MANP"}, tokenFirst(" ")},
	"harveyner": {"harveyner/data/tweets/tweets.train.bio", "harveyner/data/tweets/tweets.test.bio", [2]string{"ROAD", "RIVER"}, tokenFirst(" ")},
	"conllpp":   {"conllpp/data/conllpp_train.txt", "conllpp/data/conllpp_test.txt", [2]string{"PER", "LOC"}, tokenFirst(" X X ")},
	"pets":      {"pets/train.txt", "pets/test.txt", [2]string{"PER", "PET"}, tokenFirst(" ")},
}

// secondSystem are the datasets of the second system: means are over those that both
// systems have.
var secondSystem = []string{"mit-movie", "crossner-ai", "harveyner", "conllpp"}

// write writes invented sentences. The last ones of the test split have no gold, and
// every second one a word more in its second name: the scores differ between datasets.
func (n nativeFile) write(without int) map[string]string {
	single, last := "B-", "I-"
	if strings.HasPrefix(n.train, "fabner") { // it has tags for ends and for single tokens
		single, last = "S-", "E-"
	}
	sentence := func(tags [5]string, tokens ...string) string {
		var lines []string
		for i, token := range tokens {
			lines = append(lines, n.line(token, tags[i]))
		}
		return strings.Join(lines, "\n") + "\n\n"
	}
	two := [5]string{single + n.labels[0], "O", "B-" + n.labels[1], last + n.labels[1], "O"}
	one := [5]string{single + n.labels[0], "O", "O", single + n.labels[1], "O"}
	var train, test strings.Builder
	for i, name := range []string{"Mira", "Bo", "Zara", "Ivo", "Lena", "Otto", "Ada", "Finn"} {
		train.WriteString(sentence(two, name, "met", "Blue", "Moon", "."))
		tags := two
		if i%2 == 1 {
			tags = one
		}
		if i >= 8-without {
			tags = [5]string{"O", "O", "O", "O", "O"}
		}
		test.WriteString(sentence(tags, name, "met", "Blue", "Moon", "."))
	}
	return map[string]string{"data/" + n.train: train.String(), "data/" + n.test: test.String()}
}

// scored has the F1 and the counts of one dataset by metric, recomputed from exported
// predictions.
type scored map[string]struct {
	TP    float64  `json:"tp"`
	NPred int      `json:"n_pred"`
	NGold int      `json:"n_gold"`
	F1    *float64 `json:"f1"`
}

// TestMeansFromExportedPredictions runs two systems on datasets inside and outside of
// the paper's tables, and recomputes every mean that paper and table print from what
// runs export and datasets export print.
func TestMeansFromExportedPredictions(t *testing.T) {
	t.Chdir(t.TempDir())
	filetest.Write(t, "", map[string]string{"datasets/pets.toml": petsDataset})
	ids := slices.Sorted(func(yield func(string) bool) {
		for id := range meanDatasets {
			if !yield(id) {
				return
			}
		}
	})
	for i, id := range ids {
		filetest.Write(t, "", meanDatasets[id].write(i))
	}
	call := func(args ...string) string {
		t.Helper()
		code, stdout, stderr := program(t, nil, append([]string{"-q", "--datasets", "datasets", "--data", "data"}, args...)...)
		if code != 0 {
			t.Fatalf("%v: exit code %d: %s", args, code, stderr)
		}
		return stdout
	}
	const metrics = "span_f1,uniner_f1,paper_partial_f1"
	call("run", "-m", "tagger", "-d", strings.Join(ids, ","), "--metric", metrics, "--set", "sampling_seed=1")
	call("run", "-m", "tagger", "-d", strings.Join(secondSystem, ","), "--metric", metrics, "--set", "sampling_seed=2")

	bySystem := recompute(t, call, metrics)
	if len(bySystem["seed=1"]) != len(ids) || len(bySystem["seed=2"]) != len(secondSystem) {
		t.Fatalf("recomputed %d and %d datasets", len(bySystem["seed=1"]), len(bySystem["seed=2"]))
	}
	different := map[float64]bool{}
	for _, s := range bySystem["seed=1"] {
		different[*s["span_f1"].F1] = true
	}
	if len(different) < 3 {
		t.Fatalf("the datasets have the scores %v: a wrong mean could go unnoticed", different)
	}
	items, err := paper.Items()
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, item := range items {
		if item.Average {
			t.Run(item.Name, func(t *testing.T) { checkPaperMeans(t, item, call("paper", item.Name, "--json"), bySystem) })
			checked++
		}
	}
	if checked < 5 {
		t.Errorf("%d items with means, want those of the paper", checked)
	}
	t.Run("table", func(t *testing.T) {
		checkTableMeans(t, call("table", "--json", "--cols", "system", "--metric", metrics), bySystem)
	})
}

// recompute scores the exported predictions of all runs against the exported gold, by
// the seed of the system and the dataset.
func recompute(t *testing.T, call func(...string) string, metrics string) map[string]map[string]scored {
	t.Helper()
	var runs []struct {
		ID   string
		Keys map[string]string
	}
	if err := json.Unmarshal([]byte(call("runs", "list", "--json")), &runs); err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]scored{"seed=1": {}, "seed=2": {}}
	for _, r := range runs {
		gold, pred := call("datasets", "export", r.Keys["dataset"]), call("runs", "export", r.ID)
		filetest.Write(t, "", map[string]string{"gold.jsonl": gold, "pred.jsonl": pred})
		var file struct{ Metrics scored }
		if err := json.Unmarshal([]byte(call("eval", "--gold", "gold.jsonl", "--pred", "pred.jsonl", "--metric", metrics, "--json")), &file); err != nil {
			t.Fatal(err)
		}
		tp, nPred, nGold := countSpans(t, gold, pred)
		if s := file.Metrics["span_f1"]; s.TP != float64(tp) || s.NPred != nPred || s.NGold != nGold {
			t.Errorf("%s: eval counts %v/%d/%d spans, counted here %d/%d/%d", r.ID, s.TP, s.NPred, s.NGold, tp, nPred, nGold)
		}
		for seed := range out {
			if strings.Contains(r.Keys["training"], seed+" ") {
				out[seed][r.Keys["dataset"]] = file.Metrics
			}
		}
	}
	return out
}

// countSpans compares sets of spans, without the program's own scorer.
func countSpans(t *testing.T, gold, pred string) (tp, nPred, nGold int) {
	t.Helper()
	read := func(lines string) map[string]bool {
		spans := map[string]bool{}
		for line := range strings.Lines(lines) {
			var d struct {
				ID    string
				Spans []json.RawMessage
			}
			if err := json.Unmarshal([]byte(line), &d); err != nil {
				t.Fatal(err)
			}
			for _, s := range d.Spans {
				spans[d.ID+" "+string(s)] = true
			}
		}
		return spans
	}
	g, p := read(gold), read(pred)
	for span := range p {
		if g[span] {
			tp++
		}
	}
	return tp, len(p), len(g)
}

// inAll lists the datasets that every system has, of those for which in is true.
func inAll(bySystem map[string]map[string]scored, in func(string) bool) []string {
	var ids []string
	for id := range meanDatasets {
		if in(id) && bySystem["seed=1"][id] != nil && bySystem["seed=2"][id] != nil {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func meanF1(of map[string]scored, metric string, ids []string) float64 {
	sum := 0.0
	for _, id := range ids {
		sum += *of[id][metric].F1
	}
	return sum / float64(len(ids))
}

// domainOf returns the domain of a dataset.
func domainOf(t *testing.T, id string) string {
	t.Helper()
	all, err := datasets.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	if d, err := datasets.Find(all, id); err == nil {
		return d.Domain
	}
	return "general" // of pets
}

// tolerance is above the epsilons of the paper's formulas (docs/spec/metrics.md §3.4).
const tolerance = 1e-8

func checkPaperMeans(t *testing.T, item paper.Item, output string, bySystem map[string]map[string]scored) {
	var table struct {
		Lines []struct {
			System, Metric string
			Published      bool
			Values         map[string]float64
			Used, Total    int
		}
	}
	if err := json.Unmarshal([]byte(output), &table); err != nil {
		t.Fatal(err)
	}
	all, err := datasets.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	inside := func(id string) bool {
		if len(item.Datasets) > 0 {
			return slices.Contains(item.Datasets, id)
		}
		_, err := datasets.Find(all, id)
		return err == nil
	}
	total := len(item.Datasets)
	if total == 0 {
		total = len(all)
	}
	want := inAll(bySystem, inside)
	own := 0
	for _, l := range table.Lines {
		if l.Published {
			continue
		}
		own++
		of := bySystem["seed=1"]
		if strings.Contains(l.System, "seed=2") {
			of = bySystem["seed=2"]
		}
		if got, mean := l.Values["mean_rows"]/100, meanF1(of, l.Metric, want); math.Abs(got-mean) > tolerance {
			t.Errorf("%s, %s: mean %v, recomputed over %v: %v", l.System, l.Metric, got, want, mean)
		}
		if l.Used != len(want) || l.Total != total {
			t.Errorf("%s, %s: (%d/%d), want (%d/%d)", l.System, l.Metric, l.Used, l.Total, len(want), total)
		}
		for col, v := range l.Values {
			within := func(id string) bool {
				return inside(id) && (id == col || item.By == "domain" && domainOf(t, id) == col)
			}
			if ids := inAll(bySystem, within); col != "mean_rows" && len(ids) > 0 && math.Abs(v/100-meanF1(of, l.Metric, ids)) > tolerance {
				t.Errorf("%s, %s: %s is %v, recomputed over %v: %v", l.System, l.Metric, col, v, ids, meanF1(of, l.Metric, ids))
			}
		}
	}
	if own != 2*len(item.Metrics) {
		t.Errorf("%d own lines, want one for each of 2 systems and %d metrics", own, len(item.Metrics))
	}
}

func checkTableMeans(t *testing.T, output string, bySystem map[string]map[string]scored) {
	var table struct {
		Cells []struct {
			Row, Col, Metric string
			Value            *float64
			Used             int
		}
	}
	if err := json.Unmarshal([]byte(output), &table); err != nil {
		t.Fatal(err)
	}
	want := inAll(bySystem, func(string) bool { return true })
	byDomain := map[string][]string{}
	for _, id := range want {
		byDomain[domainOf(t, id)] = append(byDomain[domainOf(t, id)], id)
	}
	seen := map[string]int{}
	for _, c := range table.Cells {
		of := bySystem["seed=1"]
		if strings.Contains(c.Col, "seed=2") {
			of = bySystem["seed=2"]
		}
		var mean float64
		switch c.Row {
		case "mean_rows":
			mean = meanF1(of, c.Metric, want)
		case "mean_domains":
			for _, ids := range byDomain {
				mean += meanF1(of, c.Metric, ids) / float64(len(byDomain))
			}
		case "pooled_micro":
			tp, n := 0.0, 0
			for _, id := range want {
				tp, n = tp+of[id][c.Metric].TP, n+of[id][c.Metric].NPred+of[id][c.Metric].NGold
			}
			mean = 2 * tp / float64(n)
		default:
			continue
		}
		seen[c.Row]++
		if c.Value == nil || math.Abs(*c.Value-mean) > tolerance || c.Used != len(want) {
			t.Errorf("%s of %s by %s: %v over %d datasets, recomputed over %v: %v", c.Row, c.Col, c.Metric, c.Value, c.Used, want, mean)
		}
	}
	for _, row := range []string{"mean_rows", "mean_domains", "pooled_micro"} {
		if seen[row] != 6 {
			t.Errorf("%d cells of %s, want those of 2 systems by 3 metrics", seen[row], row)
		}
	}
}
