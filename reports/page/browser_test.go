package page

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"nerbench/internal/browser"
	"nerbench/reports"
)

// TestPages runs the tests of the report in each browser.
func TestPages(t *testing.T) {
	browser.Each(t, func(t *testing.T, in *browser.Browser) {
		for _, test := range []struct {
			name string
			run  func(*testing.T, *browser.Browser)
		}{
			{"Charts", testCharts}, {"MetricSwitch", testMetricSwitch}, {"Phone", testPageFitsAPhone}, {"HostileText", testHostileTextStaysText},
			{"Policy", testPolicyForbidsRequestsAndScripts}, {"Errors", testErrorsPage},
		} {
			t.Run(test.name, func(t *testing.T) { test.run(t, in) })
		}
	})
}

// visit is a page in a browser, and what it requests from its server.
type visit struct {
	*browser.Tab
	url string

	mu     sync.Mutex
	served []string // requests that reached the server, beside that of the page
}

// open serves a page to a headless browser. It uses HTTP so that the server records
// every other request.
func open(t *testing.T, in *browser.Browser, page []byte) *visit {
	t.Helper()
	v := &visit{Tab: in.Tab(t)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/report/index.html" {
			v.mu.Lock()
			v.served = append(v.served, r.URL.String())
			v.mu.Unlock()
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if _, err := w.Write(page); err != nil && !errors.Is(err, http.ErrHandlerTimeout) {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	v.url = server.URL + "/report/index.html"

	v.Resize(1200, 900)
	v.Open(v.url)
	return v
}

// requests lists what the page requested, refused or not, and what of it reached the
// server.
func (v *visit) requests() (tried, served []string) {
	for _, url := range v.Requests() {
		if url != v.url && !strings.HasPrefix(url, "data:") {
			tried = append(tried, url)
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return tried, slices.Clone(v.served)
}

// quiet fails the test if the page wrote to the console or requested anything.
func (v *visit) quiet(t *testing.T) {
	t.Helper()
	if console := v.Console(); len(console) > 0 {
		t.Errorf("the console is not clean: %q", console)
	}
	if tried, served := v.requests(); len(tried)+len(served) > 0 {
		t.Errorf("the page requests %q, the server received requests for %q", tried, served)
	}
}

func evaluate[T any](t *testing.T, v *visit, script string) T {
	t.Helper()
	return browser.Evaluate[T](v.Tab, script)
}

func rendered(t *testing.T, r Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// drawnShapes counts the shapes of a chart that have a colour of its series and a
// minimum size: marks of data, and neither axes nor texts.
const drawnShapes = `(function (id, colors) {
	const paint = document.createElement("canvas").getContext("2d");
	const plain = c => { paint.fillStyle = "#010203"; paint.fillStyle = c; return paint.fillStyle; };
	const wanted = colors.map(c => plain(getComputedStyle(document.documentElement).getPropertyValue(c).trim()));
	return [...document.querySelectorAll("#chart-" + id + " svg path")].filter(p => {
		const box = p.getBoundingClientRect();
		return box.width >= 1 && box.height >= 3 && wanted.includes(plain(p.getAttribute("fill")));
	}).length;
})(%q, %s)`

func shapes(t *testing.T, v *visit, chart string, colors ...string) int {
	t.Helper()
	return evaluate[int](t, v, fmt.Sprintf(drawnShapes, chart, `["`+strings.Join(colors, `","`)+`"]`))
}

func testCharts(t *testing.T, in *browser.Browser) {
	v := open(t, in, rendered(t, fullReport()))

	// 3 systems, 9 domains, 18 datasets run; the legend has one more mark for each series.
	for _, test := range []struct {
		chart  string
		colors []string
		want   int
	}{
		{"leaderboard", []string{"--m1", "--m2"}, 3*2 + 2},
		{"domain-bars", []string{"--s1", "--s2", "--s3"}, 9*3 + 3},
		{"dataset-dots", []string{"--s1", "--s2", "--s3"}, 18*3 + 3},
		{"domain-radar", []string{"--s1", "--s2", "--s3"}, 3 + 3},
		{"failures", []string{"--o-repaired", "--o-truncated", "--o-malformed"}, 2*3 + 3},
	} {
		if got := shapes(t, v, test.chart, test.colors...); got < test.want {
			t.Errorf("%s: %d shapes, want at least %d", test.chart, got, test.want)
		}
	}
	if got := shapes(t, v, "leaderboard", "--bad"); got != 0 {
		t.Errorf("counted %d shapes of a colour that the chart does not use", got)
	}
	v.quiet(t)
}

func testMetricSwitch(t *testing.T, in *browser.Browser) {
	v := open(t, in, rendered(t, fullReport()))
	visible := `[...document.querySelectorAll("#datasets [data-metric]")].filter(e => e.offsetHeight > 0).map(e => e.dataset.metric).join()`
	drawing := `document.querySelector("#chart-dataset-dots svg").innerHTML`
	if got := evaluate[string](t, v, visible); got != reports.SpanF1 {
		t.Errorf("at first the page shows %q", got)
	}
	before := evaluate[string](t, v, drawing)
	evaluate[bool](t, v, `document.querySelector("#domains input[value=`+reports.UninerF1+`]").click(), true`)
	if got := evaluate[string](t, v, visible); got != reports.UninerF1 {
		t.Errorf("after the switch the page shows %q", got)
	}
	if evaluate[string](t, v, drawing) == before {
		t.Error("the switch did not redraw the chart of datasets")
	}
	if !evaluate[bool](t, v, `document.querySelector("#datasets input[value=`+reports.UninerF1+`]").checked`) {
		t.Error("the two switches disagree")
	}
	v.quiet(t)
}

func testPageFitsAPhone(t *testing.T, in *browser.Browser) {
	v := open(t, in, rendered(t, hostileReport()))
	v.Resize(360, 800)
	if got := evaluate[int](t, v, `document.documentElement.scrollWidth`); got > 360 {
		t.Errorf("the page is %d pixels wide on a phone of 360", got)
	}
}

func testHostileTextStaysText(t *testing.T, in *browser.Browser) {
	v := open(t, in, rendered(t, hostileReport()))
	if got := evaluate[string](t, v, `String(window.pwned)`); got != "undefined" {
		t.Errorf("attack %s ran", got)
	}
	if got := evaluate[int](t, v, `document.querySelectorAll("img, iframe, object, embed, [onload], [onerror], a[href]:not([href^='#'])").length`); got != 0 {
		t.Errorf("%d elements of a kind that the page does not have", got)
	}
	if got := evaluate[int](t, v, `document.querySelectorAll("script").length`); got != 3 {
		t.Errorf("%d scripts, want 3", got)
	}
	// Open every answer and hover over every chart, since tooltips show names.
	evaluate[bool](t, v, `document.querySelectorAll("details").forEach(d => d.open = true), true`)
	evaluate[bool](t, v, `document.querySelectorAll(".chart svg path").forEach(p => {
		const b = p.getBoundingClientRect();
		for (const type of ["mousemove", "mouseover"]) p.dispatchEvent(new MouseEvent(type, {bubbles: true, clientX: b.x + b.width / 2, clientY: b.y + b.height / 2}));
	}), true`)
	for _, a := range attacks {
		script := fmt.Sprintf(`[...document.querySelectorAll("pre")].some(p => p.textContent === %q)`, a)
		if !evaluate[bool](t, v, script) {
			t.Errorf("no answer has the text %q", a)
		}
	}
	if got := evaluate[string](t, v, `String(window.pwned)`); got != "undefined" {
		t.Errorf("attack %s ran on hover", got)
	}
	v.quiet(t)
}

func testPolicyForbidsRequestsAndScripts(t *testing.T, in *browser.Browser) {
	v := open(t, in, rendered(t, fullReport()))
	evaluate[bool](t, v, `(function () {
		const s = document.createElement("script"); s.textContent = "window.pwned = 1"; document.body.append(s);
		const i = new Image(); i.src = "/stolen.png"; document.body.append(i);
		fetch("/stolen.json").catch(() => {});
		return true;
	})()`)
	if got := evaluate[string](t, v, `String(window.pwned)`); got != "undefined" {
		t.Error("an injected script ran")
	}
	tried, served := v.requests()
	if len(v.Console()) == 0 {
		t.Error("nothing was refused: the test does not see the console")
	}
	if len(tried) == 0 && in.Name != "firefox" { // it reports no refused requests, but writes them to the console
		t.Error("no request was tried: the test does not see requests")
	}
	if len(served) > 0 {
		t.Errorf("requests left the page: %q", served)
	}
}
