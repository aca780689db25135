package site

import (
	"fmt"
	"image"
	"math"
	"slices"
	"testing"

	"nerbench/internal/browser"
)

// answerPages are those of answeredSite that scripts fill, each with the condition that it
// is filled.
var answerPages = [][2]string{
	{"view.html#run=run-a,run-b,run-d&p=2", `document.querySelector("#view").dataset.ready === "2"`},
	{"compare.html#a=a&b=b&d=demo", `document.querySelector("[data-part=types] table") !== null`},
}

// TestPagesOverHTTP checks that each kind of page is the same from a folder and from a
// server.
func testPagesOverHTTP(t *testing.T, in *browser.Browser) {
	board := generated(9, 12)
	answered, _, _ := answeredSite(t, 3)
	v := newVisit(t, in, "")
	check := func(folder, server, page, filled string) {
		texts := []string{}
		for _, v.base = range []string{folder, server} {
			v.open(page)
			v.await(filled)
			texts = append(texts, evaluate[string](v, `document.body.innerText`))
		}
		if console := v.Console(); len(console) > 0 {
			t.Fatalf("%s: the console is not clean: %q", page, console)
		}
		if texts[0] != texts[1] || len(texts[0]) < 200 {
			t.Errorf("%s: from the folder %.400q, from the server %.400q", page, texts[0], texts[1])
		}
	}
	dir := build(t, board)
	folder, server := folderURL(dir), served(t, dir)
	for _, page := range samplePages(board) {
		check(folder, server, page, "true")
	}
	folder, server = folderURL(answered), served(t, answered)
	for _, page := range answerPages {
		check(folder, server, page[0], page[1])
	}
}

// faint lists the texts of a page whose contrast to what is behind them is below 4.5.
const faint = `(function () {
	const read = c => { const m = c.match(/[\d.]+/g).map(Number); return [m[0], m[1], m[2], m.length > 3 ? m[3] : 1]; };
	const over = (a, b) => [0, 1, 2].map(i => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
	const light = c => [0.2126, 0.7152, 0.0722].reduce((s, w, i) => { const x = c[i] / 255; return s + w * (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4); }, 0);
	const behind = e => { const c = read(getComputedStyle(e).backgroundColor); return c[3] === 1 || !e.parentElement ? c : over(c, behind(e.parentElement)); };
	const found = [];
	for (const e of document.querySelectorAll("body, body *")) {
		if (e.closest(".sr, .skip, noscript, option, optgroup") || e.getClientRects().length === 0) continue;
		if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
		const back = behind(e), l = [light(over(read(getComputedStyle(e).color), back)), light(back)].sort((a, b) => b - a);
		if ((l[0] + 0.05) / (l[1] + 0.05) < 4.5) found.push(e.tagName + "." + e.className + " " + e.textContent.trim().slice(0, 30) + " " + getComputedStyle(e).color + " on " + back);
	}
	return found;
})()`

// TestColours checks each kind of page in each scheme: it follows the scheme, and every
// text can be read.
func testColours(t *testing.T, in *browser.Browser) {
	board := generated(9, 12)
	answered, _, _ := answeredSite(t, 3)
	v := newVisit(t, in, folderURL(build(t, board)))
	check := func(page, filled string) {
		v.open(page)
		v.await(filled)
		evaluate[bool](v, `document.querySelectorAll("details").forEach(d => d.open = true), true`)
		for _, scheme := range browser.Schemes {
			v.Prefer(scheme)
			if dark := evaluate[bool](v, `getComputedStyle(document.body).backgroundColor.match(/\d+/g).slice(0, 3).every(c => c < 60)`); dark != scheme.Dark {
				t.Errorf("%s, %s: dark is %v", page, scheme, dark)
			}
			if forced := evaluate[bool](v, `matchMedia("(forced-colors: active)").matches`); forced != scheme.Forced {
				t.Errorf("%s, %s: forced is %v", page, scheme, forced)
			}
			for _, text := range evaluate[[]string](v, faint) {
				t.Errorf("%s, %s: %s", page, scheme, text)
			}
		}
	}
	for _, page := range samplePages(board) {
		check(page, "true")
	}
	v.base = folderURL(answered)
	for _, page := range answerPages {
		check(page[0], page[1])
	}
}

// picture is an element and the page below it, as the reader sees them.
func (v *visit) picture(selector string) image.Image {
	v.t.Helper()
	box := evaluate[[]float64](v, fmt.Sprintf(`(function () { const r = document.querySelector(%q).getBoundingClientRect();
		return [r.left + scrollX, r.top + scrollY, r.width, r.height + 4]; })()`, selector)) // with the page below it
	return v.Picture(image.Rect(int(box[0]), int(box[1]), int(math.Ceil(box[0]+box[2])), int(math.Ceil(box[1]+box[3]))))
}

// lines are the shares of each line of pixels, from the top, that differ from the corner
// below.
func lines(img image.Image) (shares []float64) {
	b := img.Bounds()
	paper := img.At(b.Max.X-1, b.Max.Y-1)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		n := 0
		for x := b.Min.X; x < b.Max.X; x++ {
			if img.At(x, y) != paper {
				n++
			}
		}
		shares = append(shares, float64(n)/float64(b.Dx()))
	}
	return shares
}

// TestMarksInEachScheme checks that the lines below entities are seen in each scheme: a
// line of gold, one of a system that is right, and dashes where it is wrong.
func testMarksInEachScheme(t *testing.T, in *browser.Browser) {
	answered, _, _ := answeredSite(t, 3)
	v := newVisit(t, in, folderURL(answered))
	v.open(answerPages[0][0])
	v.await(answerPages[0][1])
	for _, scheme := range browser.Schemes {
		v.Prefer(scheme)
		for selector, want := range map[string]func(share float64) bool{
			".mark-line.gold":   func(s float64) bool { return s > 0.9 },
			".mark-line.lane-1": func(s float64) bool { return s > 0.9 },
			".mark-line.dashed": func(s float64) bool { return s > 0.4 && s < 0.8 },
		} {
			if share := slices.Max(lines(v.picture(selector))); !want(share) {
				t.Errorf("%s: the line %s fills %.2f of its width", scheme, selector, share)
			}
		}
	}
}

// shape is what a reader who sees no colours sees of the first element of a selector: its
// words, weight, lines, choices and arrows.
const shape = `function (selector) {
	const e = document.querySelector(selector), seen = [];
	if (!e) return "";
	for (const x of [e, ...e.querySelectorAll("*")]) {
		const s = getComputedStyle(x);
		seen.push([s.fontWeight, s.fontStyle, s.textDecorationLine, s.outlineStyle, s.borderTopStyle, getComputedStyle(x, "::before").content, getComputedStyle(x, "::after").content, x.checked]);
		// The place and the dashes of lines, not their colours.
		if (x.matches(".mark, .mark-line")) seen.push(s.backgroundImage.replace(/(rgba?|color)\([^)]*\)/g, "colour"));
	}
	return JSON.stringify(seen) + (e.dataset.words === undefined ? "" : e.textContent);
}`

// TestStatesWithoutColour checks that no state is told by colour alone: two states differ
// in what a reader without colours sees, and shaded cells have their number.
func testStatesWithoutColour(t *testing.T, in *browser.Browser) {
	board := generated(9, 26)
	answered, _, _ := answeredSite(t, 3)
	v := newVisit(t, in, folderURL(build(t, board)))
	differ := func(state, a, b string, words bool) {
		t.Helper()
		mark := fmt.Sprintf(`[%q, %q].forEach(s => { const e = document.querySelector(s); if (e && %v) e.dataset.words = ""; }), true`, a, b, words)
		evaluate[bool](v, mark)
		shapes := evaluate[[]string](v, fmt.Sprintf(`[%q, %q].map(%s)`, a, b, shape))
		if shapes[0] == "" || shapes[1] == "" {
			t.Errorf("%s: no such elements: %q", state, shapes)
		} else if shapes[0] == shapes[1] {
			t.Errorf("%s: %s and %s differ by colour alone", state, a, b)
		}
	}
	v.open("index.html")
	evaluate[bool](v, `document.querySelector(".pin input").click(), [...document.querySelectorAll("#board thead button")].find(b => b.textContent === "Mean F1").click(), true`)
	differ("a pinned model", "tr.pinned .pin", "tr[data-slug]:not(.pinned) .pin", false)
	differ("the sorted column", "#board th[aria-sort]", "#board th.c-failed", false)
	differ("the page of the menu", "header nav [aria-current=page]", "header nav a:not([aria-current])", false)
	differ("a model that is not ranked", "#board tbody tr[data-slug]:has(.lacks) .rank", "#board tbody tr[data-slug]:not(:has(.lacks)) .rank", true)
	if tiers := evaluate[[]string](v, `[...document.querySelectorAll(".tier")].map(e => e.textContent.trim())`); len(tiers) == 0 || slices.Contains(tiers, "") {
		t.Errorf("tiers have the words %q", tiers)
	}
	for _, page := range []string{"index.html", "matrix.html"} {
		v.open(page)
		const numbers = `[...document.querySelectorAll("[class*=' h'], .h0")].filter(e => /(^| )h[0-9]( |$)/.test(e.className)).map(e => e.textContent.trim())`
		if cells := evaluate[[]string](v, numbers); len(cells) < 20 || slices.Contains(cells, "") {
			t.Errorf("%s: shaded cells %.200q", page, cells)
		}
	}
	v.open("run/" + board.Runs[0].ID + ".html")
	failures := evaluate[[]string](v, `[...document.querySelectorAll("tr")].filter(r => /^(malformed|truncated)/.test(r.cells[0].textContent)).map(r => r.cells[3].textContent)`)
	if len(failures) < 2 || slices.ContainsFunc(failures, func(f string) bool { return f != "failure" }) {
		t.Errorf("outcomes that are failures are called %q", failures)
	}

	v.base = folderURL(answered)
	v.open(answerPages[0][0])
	v.await(answerPages[0][1])
	differ("a wrong entity", ".entities td.wrong", ".entities td.right", true)
	differ("a failed answer", ".outcome.failed", ".outcome:not(.failed)", false)
	dashed := evaluate[[]bool](v, `[...document.querySelectorAll(".mark")].map(m => [m.className.includes("-wrong"), getComputedStyle(m).backgroundImage.includes("repeating")]).flat()`)
	for i := 0; i+1 < len(dashed); i += 2 {
		if dashed[i] != dashed[i+1] {
			t.Errorf("mark %d: wrong %v, dashed %v", i/2, dashed[i], dashed[i+1])
		}
	}
	if !slices.Contains(dashed, true) || !slices.Contains(dashed, false) {
		t.Errorf("marks %v", dashed)
	}
	differ("the lanes of gold and of a system", ".mark[class*='lane-0-gold']:not([class*='lane-1'])", ".mark[class*='lane-0-gold'][class*='lane-1-right']", false)
	want := evaluate[string](v, `["Lines from the top:", "Gold", ...[...document.querySelectorAll(".systems li")].map(l => l.textContent.replace("×", ""))].join()`)
	if got := evaluate[string](v, `[...document.querySelectorAll(".legend li")].slice(0, -1).map(l => l.textContent).join()`); got != want {
		t.Errorf("the legend says %q, want %q", got, want)
	}
	v.open(answerPages[1][0])
	v.await(answerPages[1][1])
	differ("a significant difference", "[data-part=datasets] td.strong", "[data-part=datasets] td:not(.strong)", false)
	differ("the dataset that is open", "[data-part=datasets] tr.current th", "[data-part=datasets] tr.current td:not(.strong)", false)
	if stars := evaluate[int](v, `[...document.querySelectorAll("[data-part=datasets] tr:has(.strong)")].filter(r => r.cells[5].textContent.endsWith(" *")).length`); stars == 0 {
		t.Error("no star says that a difference is significant")
	}
}
