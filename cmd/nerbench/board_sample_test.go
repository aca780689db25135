package main

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"nerbench/harness/compare"
	"nerbench/internal/browser"
	"nerbench/internal/reference"
	"nerbench/reports"
)

// TestBoardOfTheSample runs .ci/board, which builds the board of the embedded sample twice
// and compares the bytes, and opens it in browsers.
func TestBoardOfTheSample(t *testing.T) {
	models := []string{"tagger, seed 0", "tagger, seed 1", "tagger, seed 2"}
	if reference.Root() != "" {
		llamaLibrary(t, "cpu")
		models = append(models, "tiny-uniner-frequency", "tiny-uniner-none", "tiny-uniner-uniform")
	}
	if os.Getenv("NERBENCH_ADAPTERS") != "" {
		models = append([]string{"spaCy en_core_web_sm"}, models...)
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	script := exec.Command(filepath.Join("..", "..", ".ci", "board"), dir)
	script.Env = append(os.Environ(), "NERBENCH="+program, childVariable+"=1")
	if out, err := script.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}

	browser.Each(t, func(t *testing.T, in *browser.Browser) {
		b := in.Tab(t)
		b.Open("file://" + filepath.ToSlash(dir) + "/site/index.html")
		b.Wait(`[...document.querySelectorAll("#board tbody tr[data-slug] .model a:first-child")].map(a => a.textContent).sort().join("; ")`, strings.Join(models, "; "))
		b.Wait(`[...document.querySelectorAll("#board tbody tr[data-slug]")].every(r => parseFloat(r.querySelector(".mean").textContent) > 0)`, "true")
		b.Wait(`document.querySelector("#board tbody tr[data-slug] .model a").click()`, "undefined")
		b.Wait(`location.pathname.includes("/m/") && document.querySelector("h1")?.textContent.startsWith("tagger, seed ") === true`, "true")
		b.Wait(`[...document.querySelectorAll("table th[scope=row]")].filter(h => h.textContent.startsWith("sample-")).length >= 9`, "true")
		sameComparison(t, b, dir)
	})
}

// sameComparison checks that the page that compares two taggers has the numbers that the
// program prints, for a dataset and for its types.
func sameComparison(t *testing.T, b *browser.Tab, dir string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "site", "data", "compare.json"))
	if err != nil {
		t.Fatal(err)
	}
	var data struct {
		Models []struct{ Slug, Name string }
		Runs   map[string]map[string]struct{ Slug string }
	}
	if err := json.Unmarshal(text, &data); err != nil {
		t.Fatal(err)
	}
	const dataset = "sample-social-media"
	slug := func(name string) string {
		return data.Models[slices.IndexFunc(data.Models, func(m struct{ Slug, Name string }) bool { return m.Name == name })].Slug
	}
	first, second := slug("tagger, seed 0"), slug("tagger, seed 1")
	runs := []string{data.Runs[first][dataset].Slug, data.Runs[second][dataset].Slug}
	program := exec.Command(os.Args[0], "compare", runs[0], runs[1], "--json", "--store", filepath.Join(dir, "results.db"))
	program.Env = append(os.Environ(), childVariable+"=1")
	if text, err = program.Output(); err != nil {
		t.Fatal(err)
	}
	var want compare.Report
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	points := func(d float64) string { return strings.Replace(reports.Points(&d), "-", "−", 1) }
	whole := want.Datasets[0].Outcome
	line := []string{reports.Percent(whole.A.F1), reports.Percent(whole.B.F1), points(whole.Difference), points(whole.CI[0]) + " to " + points(whole.CI[1])}
	b.Open("file://" + filepath.ToSlash(dir) + "/site/compare.html#a=" + first + "&b=" + second + "&d=" + dataset)
	b.Wait(`[...document.querySelector("[data-part=datasets] tr.current").cells].slice(1, 5).map(c => c.textContent).join("|")`, strings.Join(line, "|"))
	var lines []string
	for _, typ := range slices.Sorted(maps.Keys(want.Datasets[0].ByType)) {
		o := want.Datasets[0].ByType[typ]
		lines = append(lines, strings.Join([]string{string(typ), strconv.Itoa(o.A.NGold), reports.Percent(o.A.F1), reports.Percent(o.B.F1), points(o.Difference),
			reports.Percent(o.A.Precision), reports.Percent(o.B.Precision), reports.Percent(o.A.Recall), reports.Percent(o.B.Recall)}, "|"))
	}
	if len(lines) < 5 {
		t.Fatalf("only %d types", len(lines))
	}
	b.Wait(`[...document.querySelectorAll("table.types tbody tr")].map(r => [...r.cells].map(c => c.textContent).join("|")).join("\n")`, strings.Join(lines, "\n"))
	b.Wait(`document.querySelector("[data-part=types] pre").textContent`, "nerbench compare "+runs[0]+" "+runs[1])
}
