package site

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"nerbench/ner"
)

// hostileAnswers are answers that try to leave their place.
var hostileAnswers = []string{
	`</script><script>window.pwned = 1</script>`,
	`<img src=x onerror="window.pwned = 1">`,
	"\u202egnorw\u202c \u2066x\u2069",
	"a\x00b\x1b[31m",
	`');window.pwned=1;('`,
	"\u2028\u2029 \\u003c/script> \\",
	strings.Repeat("0123456789abcdef", 1<<16), // 1 MB
}

// answeredSite builds a site of two datasets, one of which may not be shown, and of
// four models. It returns its folder and what it was built from.
func answeredSite(t *testing.T, n int) (string, *Board, *fakeArchive) {
	t.Helper()
	board, archive := invented(n, true)
	board.Title, board.Metrics = "Invented board", []string{"span_f1"}
	board.Models = append(board.Models, Model{Slug: "d", Name: `D <b>&amp;\u202e "quoted"`, Address: "openai/d d'x"})
	board.Datasets = append(board.Datasets, Dataset{ID: "closed", Title: "Closed", Types: []ner.EntityType{"person"}})
	for i := range archive.documents["demo"] { // the answers of d are hostile
		d := &archive.documents["demo"][i]
		text := hostileAnswers[i%len(hostileAnswers)]
		a := told(d, []ner.Span{find(d, "👩‍🚀 flew", "person")}, []ner.Mention{{Text: text[:min(len(text), 60)], Type: "city"}},
			Answer{Types: []ner.EntityType{"city"}, Prompt: "Cities?", Text: text, Thinking: "hm " + text[:min(len(text), 9)], Outcome: ner.Malformed})
		archive.answers["run-d"] = append(archive.answers["run-d"], a)
	}
	secret := ner.Document{ID: "closed/test/0", Text: "Undisclosable sentence about Agathe Ölberg ."}
	secret.Spans = []ner.Span{find(&secret, "Agathe Ölberg", "person")} // missed
	archive.documents["closed"] = []ner.Document{secret}
	archive.answers["run-closed"] = []Answered{told(&secret, []ner.Span{find(&secret, "Ölberg", "person")}, []ner.Mention{{Text: "Undisclosed Person", Type: "person"}},
		Answer{Types: []ner.EntityType{"person"}, Prompt: "Text: " + secret.Text, Text: "[Undisclosed Person]", Outcome: ner.OK})}
	board.Runs = append(board.Runs, Run{ID: "run-d", Model: "d", Dataset: "demo"}, Run{ID: "run-closed", Model: "a", Dataset: "closed"})
	for i := range board.Runs {
		r := &board.Runs[i]
		var sum ner.Score
		for _, a := range archive.answers[r.ID] {
			sum = sum.Add(a.Score)
		}
		f1, _ := sum.F1()
		r.Scores = map[string]Measure{"span_f1": {Score: sum, F1: &f1}}
		r.Types = map[ner.EntityType]map[string]Measure{"city": {"span_f1": {Score: sum}}}
	}
	board.Suites = []Suite{{ID: "demo", Title: "Demo", Datasets: []string{"demo"}}}
	board.Pairs = []Pair{{A: "b", B: "a", Datasets: map[string]Test{"demo": {Difference: 0.25, Interval: &[2]float64{0.2, 0.3}, P: 0.0004, PAdjusted: 0.0008}}}}
	dir := filepath.Join(t.TempDir(), "board")
	if _, err := Build(t.Context(), dir, board, archive, Options{}); err != nil {
		t.Fatal(err)
	}
	return dir, board, archive
}

// wait waits until a script gives the text.
func (v *visit) wait(script, want string) {
	v.t.Helper()
	var got string
	for range 3000 {
		if got = evaluate[string](v, "String("+script+")"); got == want {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	v.t.Fatalf("%s is %q, want %q; the page: %s; console: %q", script, got, want, evaluate[string](v, "document.body.innerText.slice(0, 600)"), v.Console())
}

// press presses a key.
func (v *visit) press(key string) {
	v.t.Helper()
	v.Do(chromedp.KeyEvent(key))
}

// choose chooses a value of a control.
func (v *visit) choose(name, value string) {
	v.t.Helper()
	evaluate[bool](v, fmt.Sprintf(`(function () {
		const e = document.querySelector("[name=%s]");
		e.value = %q;
		e.dispatchEvent(new Event("change", {bubbles: true}));
		return true;
	})()`, name, value))
}

// unharmed fails the test if a hostile text ran, or if the page wrote to the console or
// asked for anything outside.
func (v *visit) unharmed() {
	v.t.Helper()
	v.quiet()
	if got := evaluate[string](v, "String(window.pwned)"); got != "undefined" {
		v.t.Error("a hostile text ran")
	}
}

const ready = `document.querySelector("#view").dataset.ready`

// TestPassageByLink opens a link to a passage, from a folder and from a server.
func TestPassageByLink(t *testing.T) {
	dir, _, _ := answeredSite(t, 1300)
	for _, base := range []string{folderURL(dir), served(t, dir)} {
		v := newVisit(t, base)
		v.open("view.html#run=run-a,run-c&p=1203")
		v.wait(ready, "1203")
		took := evaluate[float64](v, `performance.now()`)
		if got, want := evaluate[string](v, `document.querySelector(".passage").textContent`), text(1202); got != want {
			t.Errorf("the passage is %q, want %q", got, want)
		}
		// The entities in the text are those of the spans: offsets are right.
		for lane, want := range map[string]string{"lane-0-gold": "Zoë Ērgļi Oslo", "lane-1-right": "Zoë Oslo", "lane-1-wrong": "flew", "lane-2-wrong": "flew", "lane-2-right": ""} {
			got := evaluate[string](v, `[...document.querySelectorAll(".`+lane+`")].map(e => e.textContent).join(" ")`)
			if got != want {
				t.Errorf("%s marks %q, want %q", lane, got, want)
			}
		}
		rows := evaluate[string](v, `[...document.querySelectorAll(".entities tbody tr")].map(r => [...r.cells].map(c => c.textContent).join("|")).join("\n")`)
		want := strings.Join([]string{
			"Zoë|person|gold|✓ right|– missed", "flew|city||✗ spurious|✗ spurious", "Ērgļi|city|gold|– missed|– missed", "Oslo|city|gold|✓ right|– missed",
			"Hallucinated01202 not in the text|city||✗ spurious|",
		}, "\n")
		if rows != want {
			t.Errorf("the entities are\n%s\nwant\n%s", rows, want)
		}
		if got := evaluate[string](v, `document.querySelector(".prompt pre").textContent`); got != "Text: "+text(1202)+"\nWhich cities?" {
			t.Errorf("the prompt is %q", got)
		}
		size := 0
		loaded, _ := v.requests()
		for _, name := range loaded {
			info, err := os.Stat(filepath.Join(dir, name))
			if err != nil {
				t.Errorf("the page loads %s: %v", name, err)
				continue
			}
			size += int(info.Size())
		}
		if size > 150_000 || size == 0 {
			t.Errorf("a passage by its link loads %d bytes: %q", size, loaded)
		}
		t.Logf("%.20s…: a passage by its link: %.0f ms, %d bytes of %d files", base, took, size, len(loaded))
		v.unharmed()
	}
}

// TestViewerWalk walks through passages by keys, filters and choices.
func TestViewerWalk(t *testing.T) {
	dir, _, archive := answeredSite(t, 60)
	v := newVisit(t, folderURL(dir))
	v.open("view.html#run=run-a&p=1")
	v.wait(ready, "1")
	for _, step := range []struct{ key, want string }{
		{"j", "2"}, {"j", "3"}, {"j", "4"}, {"k", "3"}, {"e", "5"}, {"e", "6"}, {"e", "8"}, {"E", "6"}, {"k", "5"},
	} {
		v.press(step.key)
		v.wait(ready, step.want)
		if got := evaluate[string](v, `nerbench.state().p`); got != step.want {
			t.Errorf("the address has passage %s, want %s", got, step.want)
		}
	}
	count := `document.querySelector("[data-part=count]").textContent`
	v.choose("show", "right")
	v.wait(count, "20 passages match")
	v.wait(ready, "7")
	v.press("j")
	v.wait(ready, "10")
	v.choose("show", "missed")
	v.wait(count, "40 passages match")
	v.choose("type", "person")
	v.wait(count, "0 passages match")
	v.choose("type", "city")
	v.wait(count, "40 passages match")
	v.choose("show", "")
	v.choose("type", "")
	v.choose("q", "passage00042")
	v.wait(count, "1 passage matches")
	v.wait(ready, "43")
	v.choose("q", "")
	v.wait(count, "60 passages")
	v.choose("add", "run-c")
	v.wait(`document.querySelectorAll(".systems li").length`, "2")
	v.wait(`document.querySelectorAll(".system").length`, "2")
	v.choose("show", "flips")
	want := 0
	for i, a := range archive.answers["run-a"] {
		if f := flips(a, archive.answers["run-c"][i]); f != [4]int{} {
			want++
		}
	}
	v.wait(count, fmt.Sprintf("%d passages match", want))
	v.choose("show", "no_structure")
	v.wait(count, "0 passages match")
	evaluate[bool](v, `document.querySelector(".systems button").click(), true`) // removes run-a
	v.wait(count, "60 passages match")
	if got := evaluate[string](v, `nerbench.state().run`); got != "run-c" {
		t.Errorf("the address has runs %s", got)
	}
	// A passage without an error has no answer in the site, unless it was drawn.
	plain := 0
	for drawn := draw("demo", 60); plain%3 > 0 || drawn[plain]; plain++ {
	}
	v.open(fmt.Sprintf("view.html#run=run-a&p=%d", plain+1))
	v.wait(ready, fmt.Sprint(plain+1))
	if got := evaluate[string](v, `document.querySelector("[data-part=answers]").textContent`); got != "AEvery entity is right. The answer is not part of this site." {
		t.Errorf("the answers are %q", got)
	}
	v.wait(`document.querySelectorAll(".lane-1-right").length`, "3")
	// Keys in a field are text.
	evaluate[bool](v, `document.querySelector("[name=q]").focus(), true`)
	before := evaluate[string](v, ready)
	v.press("j")
	if got := evaluate[string](v, ready); got != before {
		t.Error("a key in the field of the search moves")
	}
	v.unharmed()
}

// flips counts what two systems do not have in common: only A found, only B found,
// wrong only by A, wrong only by B.
func flips(a, b Answered) [4]int {
	key := func(e Error, missed bool) string {
		if missed {
			return fmt.Sprint(e.Gold)
		}
		return fmt.Sprint(e.Predicted, e.Mention)
	}
	only := func(own, other []Error, missed bool) int {
		keys := func(list []Error) map[string]bool {
			out := map[string]bool{}
			for _, e := range list {
				if missed && e.Class != Spurious || !missed && e.Class != Missed {
					out[key(e, missed)] = true
				}
			}
			return out
		}
		n, theirs := 0, keys(other)
		for k := range keys(own) {
			if !theirs[k] {
				n++
			}
		}
		return n
	}
	return [4]int{only(b.Errors, a.Errors, true), only(a.Errors, b.Errors, true), only(a.Errors, b.Errors, false), only(b.Errors, a.Errors, false)}
}

func TestCompareInBrowser(t *testing.T) {
	dir, _, archive := answeredSite(t, 60)
	v := newVisit(t, folderURL(dir))
	for _, pair := range [][2]string{{"a", "c"}, {"c", "a"}, {"a", "d"}, {"b", "d"}} {
		v.open("compare.html#a=" + pair[0] + "&b=" + pair[1] + "&d=demo")
		var want [4]int
		for i, x := range archive.answers["run-"+pair[0]] {
			for k, n := range flips(x, archive.answers["run-"+pair[1]][i]) {
				want[k] += n
			}
		}
		v.wait(`document.querySelector("#compare").dataset.flips`, strings.Trim(fmt.Sprint(want), "[]"))
	}
	// The pair b, a was tested; a, b shows the same numbers turned.
	row := `[...document.querySelector("[data-part=datasets] tbody tr").cells].map(c => c.textContent).join("|")`
	v.open("compare.html#a=b&b=a")
	v.wait(`document.querySelector("#compare").dataset.ready`, "b a demo")
	for _, turned := range []bool{false, true} {
		want := "Demo|100.0|70.0|+25.0|+20.0 to +30.0|<0.001 *"
		if turned {
			evaluate[bool](v, `document.querySelector("[data-part=swap]").click(), true`)
			v.wait(`document.querySelector("#compare").dataset.ready`, "a b demo")
			want = "Demo|70.0|100.0|−25.0|−30.0 to −20.0|<0.001 *"
		}
		got := evaluate[string](v, row)
		if got != want {
			t.Errorf("the line is %q, want %q", got, want)
		}
	}
	f := evaluate[string](v, `document.querySelector("table.types tbody tr").textContent`)
	if want := "city" + "180" + "70.0" + "100.0" + "−30.0" + "63.6" + "100.0" + "77.8" + "100.0"; f != want {
		t.Errorf("the line of a type is %q, want %q", f, want)
	}
	v.wait(`document.querySelectorAll("[data-part=flips] tbody a").length`, "40")
	evaluate[bool](v, `document.querySelector("[data-part=flips] tbody a").click(), true`)
	v.wait(`location.pathname.endsWith("/view.html") && !!document.querySelector("#view") && `+ready, "2")
	v.wait(`document.querySelector("[data-part=count]").textContent`, "40 passages match")
	v.open("compare.html#a=a&b=d&d=demo")
	v.wait(`document.querySelector("[data-part=datasets] pre").textContent`, `nerbench compare ollama/a:1b 'openai/d d'\''x'`)
	v.unharmed()
}

// TestHostileAnswers checks that hostile answers are shown as they are.
func TestHostileAnswers(t *testing.T) {
	dir, _, _ := answeredSite(t, len(hostileAnswers))
	v := newVisit(t, folderURL(dir))
	for i, want := range hostileAnswers {
		v.open(fmt.Sprintf("view.html#run=run-d&p=%d", i+1))
		v.wait(ready, fmt.Sprint(i+1))
		if len(want) > longText {
			evaluate[bool](v, `document.querySelector(".answer > button").click(), true`)
			v.wait(`document.querySelector(".answer pre").textContent.length`, fmt.Sprint(len(want)))
			continue
		}
		if got := evaluate[string](v, `document.querySelector(".answer pre").textContent`); got != Visible(want) {
			t.Errorf("answer %q is shown as %q, want %q", want, got, Visible(want))
		}
		if got := evaluate[string](v, `document.querySelector(".systems li").textContent`); got != `D <b>&amp;\u202e "quoted"` {
			t.Errorf("the system is %q", got)
		}
	}
	v.unharmed()
}

// TestClosedText checks that nothing of a text that may not be shown is in the folder,
// and that the viewer shows the offsets.
func TestClosedText(t *testing.T) {
	dir, _, archive := answeredSite(t, 10)
	var parts []string
	closed := archive.answers["run-closed"][0]
	for _, secret := range []string{closed.Text, closed.Unaligned[0].Text, closed.Answers[0].Text} {
		runes := []rune(secret)
		for at := 0; at+8 <= len(runes); at++ {
			parts = append(parts, string(runes[at:at+8]))
		}
	}
	files := 0
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.Contains(path, "echarts") {
			return err
		}
		files++
		content, err := os.ReadFile(path)
		for _, p := range parts {
			if strings.Contains(string(content), p) {
				t.Errorf("%s has %q", path, p)
			}
		}
		return err
	})
	if err != nil || files < 10 {
		t.Errorf("%d files, %v", files, err)
	}
	v := newVisit(t, folderURL(dir))
	v.open("view.html#run=run-closed&p=1")
	v.wait(ready, "1")
	got := evaluate[string](v, `[...document.querySelectorAll(".entities tbody tr")].map(r => [...r.cells].map(c => c.textContent).join("|")).join("\n")`)
	if want := "36–42|person|✗ spurious\nnot in the text|person|✗ spurious"; got != want {
		t.Errorf("the entities are %q, want %q", got, want)
	}
	if got := evaluate[string](v, `document.querySelector(".system p").textContent`); got != "Missed gold entities: 1. Outcomes of the queries: ok. Answers and prompts may not be shown." {
		t.Errorf("the note is %q", got)
	}
	v.unharmed()
}
