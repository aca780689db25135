package page

import (
	"strings"
	"testing"

	"nerbench/reports"
)

// FuzzPage: a name from outside is text in the page: it adds no script, and none ends
// early.
func FuzzPage(f *testing.F) {
	f.Add(`</script><script>alert(1)</script>`)
	f.Add("<!--<script>\u2028")
	f.Add(`" onload="x`)
	layout, err := newTemplate()
	if err != nil {
		f.Fatal(err)
	}
	page := func(t testing.TB, name string) string { // without the chart library, which has a megabyte
		c, err := newContent(named(name))
		if err != nil {
			t.Fatal(err)
		}
		c.Library = libraryMark
		var b strings.Builder
		if err := layout.Execute(&b, c); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	want := len(scriptPattern.FindAllString(page(f, "plain"), -1))
	f.Fuzz(func(t *testing.T, name string) {
		page := page(t, name)
		if got := len(scriptPattern.FindAllString(page, -1)); got != want {
			t.Errorf("%q: %d scripts, want %d", name, got, want)
		}
		if strings.Count(page, "<script") != want || strings.Count(page, "</script") != want || strings.Contains(page, "<!--") {
			t.Errorf("%q: another script begins or ends", name)
		}
	})
}

// named is a report with a name from outside.
func named(name string) Report {
	return Report{Results: []reports.Result{result(name, "stars", 1, 2, 2), result("b", name, 1, 2, 2)}}
}
