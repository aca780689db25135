package site

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"nerbench/internal/browser"
	"nerbench/internal/reference"
)

// TestPages runs the tests of pages in each browser.
func TestPages(t *testing.T) {
	browser.Each(t, func(t *testing.T, in *browser.Browser) {
		for _, test := range []struct {
			name string
			run  func(*testing.T, *browser.Browser)
		}{
			{"Ranking", testRanking}, {"SortDifferences", testDifferencesAreSortedAsNumbers}, {"Pins", testPins},
			{"PinsLeadToComparisons", testPinsLeadToComparisons}, {"SavedViews", testSavedViews}, {"Charts", testCharts}, {"Keyboard", testKeyboard},
			{"Phones", testPagesFitPhones}, {"RankingFits", testRankingFitsTheWindow}, {"HostileNames", testHostileNames}, {"ScriptsOff", testScriptsOff},
			{"Print", testPrint}, {"Accessibility", testAccessibility},
			{"PassageByLink", testPassageByLink}, {"ViewerWalk", testViewerWalk}, {"Compare", testCompare}, {"HostileAnswers", testHostileAnswers},
			{"ClosedText", testClosedText},
			{"HTTP", testPagesOverHTTP}, {"Colours", testColours}, {"Marks", testMarksInEachScheme}, {"StatesWithoutColour", testStatesWithoutColour},
		} {
			t.Run(test.name, func(t *testing.T) { test.run(t, in) })
		}
	})
}

// visit is a page of a site in a browser.
type visit struct {
	*browser.Tab
	t    *testing.T
	base string // address of the site, with a slash at the end
}

// folderURL is the address of a folder on this machine.
func folderURL(dir string) string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(dir) + "/"}).String()
}

// served is the address of a folder over HTTP.
func served(t *testing.T, dir string) string {
	t.Helper()
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(server.Close)
	return server.URL + "/"
}

func newVisit(t *testing.T, in *browser.Browser, base string) *visit {
	t.Helper()
	v := &visit{in.Tab(t), t, base}
	v.Resize(1440, 900)
	return v
}

// requests lists the files of the site that the pages loaded, and the addresses outside.
func (v *visit) requests() (loaded, outside []string) {
	for _, url := range v.Requests() {
		name, ours := strings.CutPrefix(url, v.base)
		switch {
		case ours:
			loaded = append(loaded, name)
		case !strings.HasPrefix(url, "data:") && !strings.HasPrefix(url, "blob:") && url != "about:blank":
			outside = append(outside, url)
		}
	}
	return loaded, outside
}

func (v *visit) open(path string) {
	v.t.Helper()
	v.Open("about:blank")
	v.Open(v.base + path)
}

func evaluate[T any](v *visit, script string) T {
	v.t.Helper()
	return browser.Evaluate[T](v.Tab, script)
}

// await waits until a condition holds.
func (v *visit) await(condition string) {
	v.t.Helper()
	v.Wait(condition, "true")
}

// quiet fails the test if the pages wrote to the console or asked for anything outside.
func (v *visit) quiet() {
	v.t.Helper()
	if console := v.Console(); len(console) > 0 {
		v.t.Errorf("the console is not clean: %q", console)
	}
	if _, outside := v.requests(); len(outside) > 0 {
		v.t.Errorf("requests for %q", outside)
	}
}

// names are the first cells of the models in view, in their order.
const names = `[...document.querySelectorAll("#board tbody tr[data-slug]:not(.off)")].map(r => r.querySelector(".model a").textContent)`

func testRanking(t *testing.T, in *browser.Browser) {
	dir := large(t)
	b := generated(50, 49)
	for name, base := range map[string]string{"folder": folderURL(dir), "http": served(t, dir)} {
		t.Run(name, func(t *testing.T) {
			v := newVisit(t, in, base)
			v.open("index.html")
			if n := evaluate[int](v, `document.querySelectorAll("*").length`); n > 6000 {
				t.Errorf("%d elements", n)
			} else {
				t.Logf("%d elements; first paint after %.0f ms, sortable after %.0f ms", n,
					evaluate[float64](v, `(performance.getEntriesByName("first-contentful-paint")[0] || {startTime: -1}).startTime`),
					evaluate[float64](v, `performance.timing.domContentLoadedEventEnd - performance.timing.navigationStart`))
			}
			if got := len(evaluate[[]string](v, names)); got != len(b.Models) {
				t.Errorf("%d models, want %d", got, len(b.Models))
			}
			ranked := evaluate[[]string](v, names)[:3]

			// Sort by a domain, then back.
			click := func(heading string) {
				v.t.Helper()
				evaluate[bool](v, fmt.Sprintf(`[...document.querySelectorAll("#board thead button")].find(b => b.textContent.startsWith(%q)).click(), true`, heading))
			}
			column := func(heading string) string {
				return fmt.Sprintf(`(function () { const i = [...document.querySelectorAll("#board thead th")].findIndex(h => h.textContent.startsWith(%q));
					return [...document.querySelectorAll("#board tbody:first-of-type tr[data-slug]")].map(r => parseFloat(r.cells[i].textContent)); })()`, heading)
			}
			click("Biomed")
			if got := evaluate[[]float64](v, column("Biomed")); !slices.IsSortedFunc(got, func(a, b float64) int { return -compareFloats(a, b) }) {
				t.Errorf("not sorted: %v", got)
			}
			if got := evaluate[string](v, `document.querySelector("th[aria-sort]").getAttribute("aria-sort") + location.hash`); got != "descending#sort=-Biomed" {
				t.Errorf("state %q", got)
			}
			click("Failures")
			if got := evaluate[[]float64](v, column("Failures")); !slices.IsSorted(got) {
				t.Errorf("not sorted: %v", got)
			}
			click("Rank")
			if got := evaluate[[]string](v, names)[:3]; !slices.Equal(got, ranked) {
				t.Errorf("ranks begin with %v, at first with %v", got, ranked)
			}
			t.Logf("sort: %.1f ms, filter: %.1f ms",
				evaluate[float64](v, `(function () { const s = performance.now(); [...document.querySelectorAll("#board thead button")][5].click(); document.body.offsetHeight; return performance.now() - s; })()`),
				evaluate[float64](v, `(function () { const s = performance.now(), q = document.querySelector("input[name=q]"); q.value = "a"; q.dispatchEvent(new Event("input")); document.body.offsetHeight; return performance.now() - s; })()`))

			// The state of the address is restored.
			v.open("index.html#q=alder&tier=%3Dself-reported&cols=price,size&metric=uniner_f1")
			want := 0
			for _, m := range b.Models {
				if strings.HasPrefix(m.Name, "Alder") && m.Tier == "self-reported" {
					want++
				}
			}
			if got := evaluate[[]string](v, names); len(got) != want || want == 0 {
				t.Errorf("models %v, want %d", got, want)
			}
			if got := evaluate[string](v, `[...document.querySelectorAll("#board thead th")].filter(h => h.offsetWidth > 0).map(h => h.textContent.trim()).join()`); got != "Pin,Rank,Model,Mean F1,Price,Param." {
				t.Errorf("columns %q", got)
			}
			line := b.Suites[0].Ranked[0]
			mean := line.Means["uniner_f1"]
			v.open("index.html#metric=uniner_f1")
			if got, want := evaluate[string](v, `document.querySelector("[id=\"r-`+line.Model+`\"] .mean").textContent.trim()`), f1(&mean.F1, mean.Interval); got != want.Text+" "+want.Interval {
				t.Errorf("by the other metric %q, want %q", got, want.Text+" "+want.Interval)
			}

			// Each filter keeps what it says.
			for _, filter := range evaluate[[]string](v, `[...document.querySelectorAll("select[data-filter]")].map(s => s.name)`) {
				script := fmt.Sprintf(`(function () { const s = document.querySelector("select[name=%s]"); s.selectedIndex = 1; s.dispatchEvent(new Event("change", {bubbles: true}));
					const n = document.querySelectorAll("#board tbody tr[data-slug]:not(.off)").length; s.selectedIndex = 0; s.dispatchEvent(new Event("change", {bubbles: true})); return n; })()`, filter)
				if got := evaluate[int](v, script); got == 0 || got == len(b.Models) {
					t.Errorf("filter %s keeps %d models", filter, got)
				}
			}
			v.quiet()
		})
	}
}

func testDifferencesAreSortedAsNumbers(t *testing.T, in *browser.Browser) {
	b := generated(50, 49)
	v := newVisit(t, in, folderURL(large(t)))
	v.open("m/" + b.Models[0].Slug + ".html")
	differences := evaluate[[]string](v, `(function () {
		const head = [...document.querySelectorAll("table.sortable th")].find(h => h.textContent === "To median");
		head.querySelector("button").click();
		return [...head.closest("table").tBodies[0].rows].map(r => r.cells[head.cellIndex].textContent).filter(c => c !== "–");
	})()`)
	var values []float64
	for _, d := range differences {
		value, err := strconv.ParseFloat(strings.Replace(d, "−", "-", 1), 64)
		if err != nil {
			t.Error(err)
		}
		values = append(values, -value) // the largest first
	}
	if !slices.IsSorted(values) || !slices.ContainsFunc(differences, func(d string) bool { return strings.HasPrefix(d, "−") }) {
		t.Errorf("sorted: %q", differences)
	}
	v.quiet()
}

func testPins(t *testing.T, in *browser.Browser) {
	v := newVisit(t, in, folderURL(large(t)))
	v.open("index.html")
	evaluate[bool](v, `[...document.querySelectorAll(".pin input")].slice(0, 5).forEach(b => b.click()), true`)
	if got := evaluate[int](v, `document.querySelectorAll(".pinned").length`); got != 4 {
		t.Errorf("%d models are pinned", got)
	}
	pinned := evaluate[[]string](v, `[...document.querySelectorAll(".pinned .model a:first-child")].map(a => a.textContent)`)
	evaluate[bool](v, `(function () { const q = document.querySelector("input[name=q]"); q.value = "nothing has this name"; q.dispatchEvent(new Event("input")); return true; })()`)
	if got := evaluate[[]string](v, names); !slices.Equal(got, pinned) {
		t.Errorf("with a search that finds nothing, %v are in view, want the pinned %v", got, pinned)
	}
	address := evaluate[string](v, `location.hash`)
	v.open("index.html" + address)
	if got := evaluate[[]string](v, `[...document.querySelectorAll(".pinned .model a:first-child")].map(a => a.textContent)`); !slices.Equal(got, pinned) {
		t.Errorf("the address restores %v, want %v", got, pinned)
	}
	v.quiet()
}

func testPinsLeadToComparisons(t *testing.T, in *browser.Browser) {
	b, archive := invented(2, true)
	b.Suites = []Suite{{ID: "demo", Title: "Demo", Datasets: []string{"demo"}, Ranked: []Line{{Model: "b", From: 1, To: 1}, {Model: "a", From: 2, To: 2}, {Model: "c", From: 3, To: 3}}}}
	dir := filepath.Join(t.TempDir(), "site")
	if _, err := Build(t.Context(), dir, b, archive, Options{}); err != nil {
		t.Fatal(err)
	}
	v := newVisit(t, in, folderURL(dir))
	v.open("index.html")
	evaluate[bool](v, `document.querySelectorAll(".pin input").forEach(b => b.click()), true`)
	links := evaluate[[]string](v, `[...document.querySelectorAll("#pins a")].map(a => a.getAttribute("href"))`)
	if want := []string{"compare.html#a=b&b=a", "compare.html#a=b&b=c", "compare.html#a=a&b=c"}; !slices.Equal(links, want) {
		t.Errorf("links %q, want %q", links, want)
	}
	v.quiet()
}

func testSavedViews(t *testing.T, in *browser.Browser) {
	v := newVisit(t, in, folderURL(build(t, hostile())))
	v.open("index.html")
	evaluate[bool](v, `window.saved = [], nerbench.save = (name, type, text) => saved.push([name, type, text]), true`)
	evaluate[bool](v, `document.querySelectorAll("[data-save]").forEach(b => b.click()), true`)
	saved := evaluate[[][]string](v, `saved`)
	if len(saved) != 3 {
		t.Fatalf("%d files", len(saved))
	}
	rows := evaluate[int](v, `document.querySelectorAll("#board tbody tr[data-slug]").length`)
	if n := strings.Count(saved[0][2], "\r\n"); n != rows+1 {
		t.Errorf("CSV has %d lines, want %d", n, rows+1)
	}
	if n := evaluate[int](v, `JSON.parse(saved[1][2]).length`); n != rows {
		t.Errorf("JSON has %d lines, want %d", n, rows)
	}
	if n := strings.Count(saved[2][2], `\\`+"\n"); n != rows+1 {
		t.Errorf("LaTeX has %d lines, want %d", n, rows+1)
	}
	v.quiet()
}

func testCharts(t *testing.T, in *browser.Browser) {
	v := newVisit(t, in, folderURL(large(t)))
	v.open("index.html")
	if loaded, _ := v.requests(); slices.ContainsFunc(loaded, func(p string) bool { return strings.Contains(p, "echarts") }) {
		t.Error("the script of the charts was loaded before it was needed")
	}
	evaluate[bool](v, `document.querySelector(".charts").scrollIntoView(), true`)
	v.await(`document.querySelectorAll(".chart canvas").length === 2`)
	// Pixels in the colour of the points.
	v.await(`[...document.querySelectorAll(".chart canvas")].every(c => {
		const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
		let n = 0;
		for (let i = 0; i < d.length; i += 4) if (d[i + 3] > 0 && d[i + 2] - d[i] > 60) n++;
		return n > 500;
	})`)
	v.quiet()

	// Without its script, a chart says so.
	dir := build(t, generated(9, 12))
	scripts, err := filepath.Glob(filepath.Join(dir, "assets", "echarts.*"))
	if err != nil || len(scripts) != 1 {
		t.Fatal(scripts, err)
	}
	if err := os.Remove(scripts[0]); err != nil {
		t.Fatal(err)
	}
	v.base = folderURL(dir)
	v.open("index.html")
	evaluate[bool](v, `document.querySelector(".charts").scrollIntoView(), true`)
	v.Wait(`document.querySelector("figure div").textContent`, "No chart: cannot load assets/"+filepath.Base(scripts[0])+". The table above has the numbers.")
}

func testKeyboard(t *testing.T, in *browser.Browser) {
	v := newVisit(t, in, folderURL(large(t)))
	v.open("index.html")
	v.Press("/maple")
	if got := evaluate[[]string](v, names); len(got) == 0 || slices.ContainsFunc(got, func(n string) bool { return !strings.HasPrefix(n, "Maple") }) {
		t.Errorf("after / and maple: %v", got)
	}
	// Every control can be reached and used by keys alone.
	seen := map[string]bool{}
	for range 60 {
		v.Press("\t")
		at := evaluate[string](v, `document.activeElement.name || document.activeElement.textContent.trim()`)
		if at == "Mean F1" {
			v.Press("\r")
		}
		if at == "Columns" && !seen[at] {
			v.Press("\r")
			if !evaluate[bool](v, `document.activeElement.parentNode.open`) {
				t.Error("Enter does not open the choice of columns")
			}
			v.Press("\x1b")
			if evaluate[bool](v, `document.activeElement.parentNode.open`) {
				t.Error("Escape does not close it")
			}
		}
		seen[at] = true
	}
	for _, want := range []string{"domain", "metric", "Filters", "Columns", "Save", "Rank", "Model", "Mean F1"} {
		if !seen[want] {
			t.Errorf("the Tab key never reaches %q", want)
		}
	}
	if got := evaluate[string](v, `document.querySelector("th[aria-sort]").textContent`); got != "Mean F1" {
		t.Errorf("Enter sorts by %q", got)
	}
	v.quiet()
}

// samplePages are one page of each kind.
func samplePages(b *Board) []string {
	s, err := newSite(b)
	if err != nil {
		return nil
	}
	return []string{"index.html", s.SuitePage(b.Suites[1].ID), "matrix.html", "ablations.html", s.ModelPage(b.Models[0].Slug), s.DatasetPage(b.Datasets[0].ID), s.RunPage(b.Runs[0].ID), "published.html", "methods.html", "log.html"}
}

func testPagesFitPhones(t *testing.T, in *browser.Browser) {
	for name, site := range map[string]struct {
		dir   string
		board *Board
	}{"generated": {build(t, generated(9, 12)), generated(9, 12)}, "hostile": {build(t, hostile()), hostile()}} {
		t.Run(name, func(t *testing.T) {
			v := newVisit(t, in, folderURL(site.dir))
			for _, page := range samplePages(site.board) {
				if page == "published.html" && name == "hostile" {
					continue
				}
				for _, width := range []int{400, 1024, 1440} {
					v.Resize(width, 800)
					v.open(page)
					if got := evaluate[int](v, `document.documentElement.scrollWidth`); got > width {
						t.Errorf("%s is %d pixels wide in a window of %d", page, got, width)
					}
				}
			}
			v.quiet()
		})
	}
}

func testRankingFitsTheWindow(t *testing.T, in *browser.Browser) {
	v := newVisit(t, in, folderURL(large(t)))
	v.Resize(400, 800)
	v.open("index.html")
	if got := evaluate[float64](v, `Math.max(...[...document.querySelectorAll("#board .rank, #board .model, #board .mean")].map(c => c.getBoundingClientRect().right))`); got > 400 {
		t.Errorf("rank, model and mean need %v pixels", got)
	}
	v.Resize(1440, 900)
	v.open("index.html")
	if got := evaluate[int](v, `[...document.querySelectorAll("#board tbody tr")].filter(r => r.getBoundingClientRect().bottom <= 900).length`); got < 20 {
		t.Errorf("the first screen shows %d models", got)
	}
	heights := `[...document.querySelectorAll("#board tbody tr[data-slug]:not(:has(.lacks))")].map(r => r.getBoundingClientRect().height)`
	if got := evaluate[[]float64](v, heights); len(got) < 20 || slices.Max(got) > 32 {
		t.Errorf("lines have %v pixels, want 32", got)
	}
	if got := evaluate[bool](v, `document.querySelector(".scroll").scrollWidth <= document.querySelector(".scroll").clientWidth`); !got {
		t.Error("the ranking does not fit a window of 1440 pixels")
	}
	v.quiet()
}

func testHostileNames(t *testing.T, in *browser.Browser) {
	b := hostile()
	v := newVisit(t, in, folderURL(build(t, b)))
	for _, page := range slices.Concat(samplePages(b)[:7], []string{"methods.html"}) {
		v.open(page)
		evaluate[bool](v, `document.querySelectorAll("details").forEach(d => d.open = true), true`)
		evaluate[bool](v, `document.querySelectorAll("button").forEach(b => b.click()), true`)
		if page == "index.html" {
			evaluate[bool](v, `document.querySelector(".charts").scrollIntoView(), document.querySelectorAll(".pin input").forEach(b => b.click()), true`)
		}
		if got := evaluate[string](v, `String(window.pwned)`); got != "undefined" {
			t.Errorf("%s: attack %s ran", page, got)
		}
		if got := evaluate[int](v, `document.querySelectorAll("img, iframe, object, embed, [onload], [onerror], [onmouseover], a[href^='javascript']").length`); got != 0 {
			t.Errorf("%s: %d elements that the page does not have", page, got)
		}
	}
	v.open("index.html")
	for _, attack := range attacks {
		if !evaluate[bool](v, fmt.Sprintf(`[...document.querySelectorAll("#board .model a")].some(a => a.textContent === %q)`, short(attack))) {
			t.Errorf("no model is called %q", short(attack))
		}
	}
	v.quiet()
}

func testScriptsOff(t *testing.T, in *browser.Browser) {
	v := newVisit(t, in, folderURL(large(t)))
	v.DisableScripts()
	v.open("index.html")
	// Evaluation still works for the test itself.
	if got := evaluate[int](v, `[...document.querySelectorAll("#board thead th")].filter(h => h.getBoundingClientRect().width === 0).length`); got != 0 {
		t.Errorf("without scripts, %d columns are hidden", got)
	}
	if got := evaluate[int](v, `[...document.querySelectorAll("button, select, input, .chart")].filter(e => e.getBoundingClientRect().width > 0).length`); got != 0 {
		t.Errorf("without scripts, %d controls do nothing", got)
	}
}

func testPrint(t *testing.T, in *browser.Browser) {
	v := newVisit(t, in, folderURL(large(t)))
	b := generated(50, 49)
	for page, limit := range map[string]int{"index.html": 4, "m/" + b.Models[0].Slug + ".html": 3} {
		v.open(page)
		pdf, n := v.Print()
		t.Logf("%s: %d pages, at most %d", page, n, limit)
		if n == 0 || n > limit {
			t.Errorf("%s: %d pages, at most %d", page, n, limit)
		}
		if *written != "" {
			if err := os.WriteFile(filepath.Join(filepath.Dir(*written), strings.ReplaceAll(page, "/", "-")+".pdf"), pdf, 0o666); err != nil {
				t.Error(err)
			}
		}
	}
}

func testAccessibility(t *testing.T, in *browser.Browser) {
	path := os.Getenv("NERBENCH_AXE")
	if path == "" {
		reference.Skip(t, "NERBENCH_AXE does not name axe.min.js (.ci/axe-core installs it)")
	}
	axe, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b := generated(9, 12)
	answered, _, _ := answeredSite(t, 3)
	v := newVisit(t, in, folderURL(build(t, b)))
	check := func(page string) {
		for _, width := range []int{1440, 400} {
			v.Resize(width, 900)
			v.open(page)
			evaluate[bool](v, `document.querySelectorAll("details").forEach(d => d.open = true), true`)
			evaluate[bool](v, string(axe)+"; true")
			for _, scheme := range browser.Schemes {
				// Colours do not depend on the width, and testColours compares them in each browser.
				if scheme != (browser.Scheme{}) && (width == 400 || in.Name != "chromium") {
					continue
				}
				v.Prefer(scheme)
				found := evaluate[[]string](v, `axe.run().then(r => r.violations.map(x => x.id + ": " + x.help + ": " + x.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + " " + n.failureSummary).join(" | ")))`)
				for _, f := range found {
					t.Errorf("%s, %s, %d pixels: %s", page, scheme, width, f)
				}
			}
		}
	}
	for _, page := range samplePages(b) {
		check(page)
	}
	v.base = folderURL(answered)
	for _, page := range []string{"view.html#run=run-a", "compare.html#a=a&b=b", "run/run-a.html", "d/demo.html"} {
		check(page)
	}
}
