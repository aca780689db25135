package site

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"html"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"nerbench/reports"
)

// written is a folder for the generated site, to be looked at.
var written = flag.String("site", "", "write the generated site into this `folder`")

var (
	largeOnce sync.Once
	largeDir  string
	largeErr  error
)

// large is the folder of a generated site of the size of the budgets. It is built once.
func large(t *testing.T) string {
	t.Helper()
	largeOnce.Do(func() {
		if largeDir = *written; largeDir == "" {
			if largeDir, largeErr = os.MkdirTemp("", "nerbench-site"); largeErr != nil {
				return
			}
			largeDir = filepath.Join(largeDir, "site")
		}
		board := generated(50, 49)
		start := time.Now()
		var built Built
		built, largeErr = Build(t.Context(), largeDir, board, counted(board), Options{})
		t.Logf("built %d files, %d bytes, in %v", built.Files, built.Bytes, time.Since(start))
	})
	if largeErr != nil {
		t.Fatal(largeErr)
	}
	return largeDir
}

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if largeDir != "" && *written == "" {
		_ = os.RemoveAll(filepath.Dir(largeDir))
	}
	os.Exit(code)
}

// build writes the site of a board into a new folder.
func build(t *testing.T, b *Board) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "site")
	if _, err := Build(t.Context(), dir, b, counted(b), Options{}); err != nil {
		t.Fatal(err)
	}
	return dir
}

// contents reads the files of a folder.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		rel, _ := filepath.Rel(dir, name)
		files[filepath.ToSlash(rel)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestTwoBuildsAreEqual(t *testing.T) {
	first, second := contents(t, build(t, generated(8, 9))), contents(t, build(t, generated(8, 9)))
	if len(first) != len(second) {
		t.Errorf("%d files, then %d", len(first), len(second))
	}
	for name, text := range first {
		if second[name] != text {
			t.Errorf("%s differs", name)
		}
	}
}

func TestBudgets(t *testing.T) {
	files := contents(t, large(t))
	page := files["index.html"]
	compressed := packed(t, page)
	for name, text := range files {
		if strings.HasPrefix(name, "assets/site.") || strings.HasPrefix(name, "data/board.") && strings.HasSuffix(name, ".js") {
			compressed += packed(t, text)
		}
	}
	t.Logf("index.html: %d bytes; with styles, script and data compressed: %d bytes", len(page), compressed)
	if len(page) > 150_000 {
		t.Errorf("index.html has %d bytes", len(page))
	}
	if compressed > 220_000 {
		t.Errorf("the index has %d bytes compressed", compressed)
	}
	for name, text := range files {
		if strings.HasPrefix(name, "assets/site.") && strings.HasSuffix(name, ".js") && len(text) > 40_000 {
			t.Errorf("%s has %d bytes", name, len(text))
		}
	}
}

func packed(t *testing.T, text string) int {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Len()
}

// unsafe are the ways in which a script makes code or markup of text.
var unsafe = regexp.MustCompile(`innerHTML|outerHTML|insertAdjacent|\beval\b|\bFunction\b|document\.write|setHTML|createContextualFragment|DOMParser|srcdoc`)

func TestScriptsMakeNoMarkupOfText(t *testing.T) {
	entries, err := assetFiles.ReadDir("assets")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range entries {
		if path.Ext(e.Name()) != ".js" {
			continue
		}
		n++
		text, err := assetFiles.ReadFile("assets/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		if found := unsafe.FindAll(text, -1); found != nil {
			t.Errorf("%s has %q", e.Name(), found)
		}
	}
	if n == 0 {
		t.Error("no script was checked")
	}
}

// address finds the addresses of a page.
var address = regexp.MustCompile(`(?:href|src|data-board|data-charts|data-compare)="([^"]*)"`)

func TestAddressesStayInTheFolder(t *testing.T) {
	for name, board := range map[string]*Board{"generated": generated(6, 49), "hostile": hostile(), "empty": {Title: "x", Metrics: []string{"span_f1"}}} {
		t.Run(name, func(t *testing.T) {
			files := contents(t, build(t, board))
			for page, text := range files {
				if path.Ext(page) != ".html" {
					continue
				}
				for _, found := range address.FindAllStringSubmatch(text, -1) {
					target, fragment, _ := strings.Cut(html.UnescapeString(found[1]), "#")
					if target == "data:," {
						continue
					}
					if strings.HasPrefix(target, "https://board.example/") && strings.Contains(text, "<a "+found[0]) { // a file of a submission
						continue
					}
					name := path.Join(path.Dir(page), target)
					if strings.HasPrefix(found[0], "data-") {
						name = target // from the root of the site
					}
					if target == "" {
						name = page
					}
					if _, ok := files[name]; !ok {
						t.Errorf("%s: %q is not in the folder", page, found[1])
					} else if fragment != "" && !strings.Contains(files[name], `id="`+fragment+`"`) {
						t.Errorf("%s: %q: no such place in %s", page, found[1], name)
					}
				}
			}
		})
	}
}

func TestFileNamesAreSafe(t *testing.T) {
	for name := range contents(t, build(t, hostile())) {
		if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789.-/") != "" || strings.Contains(name, "..") || len(name) > 120 {
			t.Errorf("file %q", name)
		}
	}
}

func TestHostileTextIsEscaped(t *testing.T) {
	markup := regexp.MustCompile(`<(script|img)[^>]*(pwned|onerror)|<script>`)
	for name, text := range contents(t, build(t, hostile())) {
		if path.Ext(name) != ".html" {
			continue
		}
		if found := markup.FindString(text); found != "" {
			t.Errorf("%s has %q", name, found)
		}
		if i := strings.IndexFunc(text, hidden); i >= 0 {
			t.Errorf("%s has the hidden character %q", name, text[i:i+4])
		}
		if strings.Contains(text, "ZgotmplZ") {
			t.Errorf("%s: a value was refused by the template", name)
		}
	}
}

// TestEveryNumberIsThere compares the text of pages without scripts with the board.
func TestEveryNumberIsThere(t *testing.T) {
	b := generated(12, 49)
	files := contents(t, build(t, b))
	s, err := newSite(b)
	if err != nil {
		t.Fatal(err)
	}
	need := func(page string, texts ...string) {
		t.Helper()
		for _, text := range texts {
			if !strings.Contains(files[page], text) {
				t.Errorf("%s lacks %q", page, text)
			}
		}
	}
	for _, suite := range b.Suites {
		for _, line := range suite.Ranked {
			mean := line.Means["span_f1"]
			need(s.SuitePage(suite.ID), ">"+reports.Percent(&mean.F1)+" <small>"+interval95(mean.Interval)+"</small>", ">"+rankRange(line.From, line.To)+"<", ">"+s.models[line.Model].Name+"<")
		}
		for _, line := range suite.Unranked {
			need(s.SuitePage(suite.ID), "lacks "+line.Missing)
		}
	}
	for _, run := range b.Runs {
		for _, metric := range b.Metrics {
			m := run.Scores[metric]
			need(s.RunPage(run.ID), reports.Percent(m.F1), reports.Percent(m.Precision), reports.Percent(m.Recall), commas(m.TP), run.Signatures[metric])
		}
		errors, _ := counted(b).Errors(t.Context(), run.ID)
		for _, c := range errors.Confusion {
			need(s.RunPage(run.ID), ">"+commas(c.N)+"<")
		}
		for _, c := range errors.Buckets {
			p, _ := c.Counts.Precision()
			need(s.RunPage(run.ID), ">"+c.Name+"<", ">"+reports.Percent(&p)+"<")
		}
		for class, n := range errors.Classes {
			need(s.RunPage(run.ID), ">"+class+"<", ">"+commas(n)+"<")
		}
		need(s.ModelPage(run.Model), reports.Percent(run.Scores["span_f1"].F1), s.RunPage(run.ID))
		need(s.DatasetPage(run.Dataset), reports.Percent(run.Scores["uniner_f1"].F1), s.RunPage(run.ID))
		need("matrix.html", s.RunPage(run.ID))
	}
}

func TestDataOfTheBoard(t *testing.T) {
	b := generated(5, 10)
	var d boardData
	if err := json.Unmarshal([]byte(contents(t, build(t, b))["data/board.json"]), &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Cells.Run) != len(b.Runs) {
		t.Fatalf("%d runs, want %d", len(d.Cells.Run), len(b.Runs))
	}
	for i, run := range b.Runs {
		if d.Cells.Run[i] != run.ID || d.Models[d.Cells.Model[i]].Slug != run.Model || d.Datasets[d.Cells.Dataset[i]].ID != run.Dataset {
			t.Errorf("cell %d is of %s", i, d.Cells.Run[i])
		}
		for _, metric := range b.Metrics {
			if got, want := d.Cells.Scores[metric].TP[i], run.Scores[metric].TP; got != want {
				t.Errorf("cell %d: tp %d, want %d", i, got, want)
			}
		}
		for o, n := range run.Outcomes {
			if d.Cells.Outcomes[o][i] != n {
				t.Errorf("cell %d: outcome %s %d, want %d", i, o, d.Cells.Outcomes[o][i], n)
			}
		}
	}
}

func TestAblations(t *testing.T) {
	text := contents(t, build(t, generated(5, 10)))["ablations.html"]
	for _, want := range []string{">60.0<", ">−2.0<", ">−3.0 to −1.0<", "&lt;0.0001", ">0.0123<", ">(none)<"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if _, ok := contents(t, build(t, &Board{Title: "x"}))["ablations.html"]; ok {
		t.Error("a page without ablations")
	}
}

func TestPublishedNotesOfAColumnStandOnce(t *testing.T) {
	s := &site{Board: &Board{}, lookup: &lookup{datasets: map[string]*Dataset{"d": {ID: "d"}}, datasetSlugs: map[string]string{"d": "d"}}}
	value := func(system, printed, note string) reports.PublishedValue {
		return reports.PublishedValue{Source: "S", Table: "T", Metric: "f1", System: system, Setting: "zero-shot", Printed: printed, Dataset: "d", Note: note, Value: 1.5, Verified: true}
	}
	p := s.publishedTables([]reports.PublishedValue{value("A", "x", "copied"), value("A", "y", "copied"), value("B", "x", "copied"), value("B", "y", "")})
	table := p.Tables[0]
	if table.Setting != "zero-shot" || table.Columns[0].Setting != "" {
		t.Errorf("setting %q, of a column %q", table.Setting, table.Columns[0].Setting)
	}
	if len(table.Columns[0].Marks) != 1 || len(table.Columns[1].Marks) != 0 || len(table.Rows[0].Cells[0].Marks) != 0 || len(table.Rows[0].Cells[1].Marks) != 1 {
		t.Errorf("columns %+v, rows %+v", table.Columns, table.Rows)
	}
	if s.publishedTables([]reports.PublishedValue{{Metric: "f1", Dataset: "other"}}) != nil {
		t.Error("numbers on datasets of other boards are shown")
	}
}

// TestPassagesOfThePaper checks that the published number of passages stands beside that
// of the files.
func TestPassagesOfThePaper(t *testing.T) {
	board := generated(5, 5)
	d := &board.Datasets[0]
	d.Passages, d.Spans, d.Published = 431, 1800, 430
	page := contents(t, build(t, board))["d/"+d.ID+".html"]
	for _, want := range []string{"<dt>Passages</dt><dd>431; Table 6 of the paper: 430</dd>", "<dt>Gold entities</dt><dd>1,800</dd>"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s", want)
		}
	}
}
