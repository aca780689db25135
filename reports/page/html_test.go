package page

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"nerbench/ner"
	"nerbench/reports"
	"nerbench/reports/echarts"
)

var (
	scriptPattern = regexp.MustCompile(`(?s)<script([^>]*)>(.*?)</script>`)
	stylePattern  = regexp.MustCompile(`(?s)<style>(.*?)</style>`)
	policyPattern = regexp.MustCompile(`Content-Security-Policy" content="([^"]*)"`)
)

// reportCases are the reports that the tests of the text of the page use.
var reportCases = []struct {
	name string
	make func() Report
}{
	{"full", fullReport},
	{"hostile", hostileReport},
	{"nothing", func() Report { return Report{} }},
	{"only a benchmark", func() Report { return Report{Datasets: benchmark()} }},
	{"one run", func() Report { return Report{Results: []reports.Result{result("a", "stars", 1, 2, 2)}} }},
	{"incomplete and mixed", func() Report { return Report{Datasets: benchmark(), Results: mixed()} }},
	{"undefined", func() Report {
		return Report{Datasets: benchmark(), Results: []reports.Result{result("a", "stars", 0, 0, 0)}}
	}},
}

// libraryMark replaces the chart library in pages that tests search: searching a
// megabyte of script is slow.
const libraryMark = "/* the chart library */"

// withoutLibrary renders a page without the library, which the page must have once.
func withoutLibrary(t *testing.T, r Report) string {
	t.Helper()
	page := string(rendered(t, r))
	if n := strings.Count(page, script(t)); n != 1 {
		t.Fatalf("the page has the chart library %d times, want once", n)
	}
	return strings.Replace(page, script(t), libraryMark, 1)
}

func TestPageIsWellFormed(t *testing.T) {
	for _, c := range reportCases {
		t.Run(c.name, func(t *testing.T) {
			page := withoutLibrary(t, c.make())
			page = scriptPattern.ReplaceAllString(stylePattern.ReplaceAllString(page, ""), "")
			d := xml.NewDecoder(strings.NewReader(page))
			d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
			depth := 0
			for {
				token, err := d.Token()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				switch token.(type) {
				case xml.StartElement:
					depth++
				case xml.EndElement:
					depth--
				}
			}
			if depth != 0 {
				t.Errorf("%d elements are not closed", depth)
			}
		})
	}
}

func TestPageHasNoOtherCode(t *testing.T) {
	for _, c := range reportCases {
		t.Run(c.name, func(t *testing.T) {
			page := withoutLibrary(t, c.make())
			policy := html.UnescapeString(policyPattern.FindStringSubmatch(page)[1])
			scripts := scriptPattern.FindAllStringSubmatch(page, -1)
			if len(scripts) != 3 {
				t.Fatalf("%d scripts, want 3", len(scripts))
			}
			if !json.Valid([]byte(scripts[0][2])) {
				t.Errorf("the data of the charts is not JSON: %.200s", scripts[0][2])
			}
			for _, s := range scripts[1:] {
				if code := strings.ReplaceAll(s[2], libraryMark, script(t)); !strings.Contains(policy, sourceHash(code)) {
					t.Errorf("the policy does not allow %.60q", s[2])
				}
			}
			if style := stylePattern.FindStringSubmatch(page); !strings.Contains(policy, sourceHash(style[1])) {
				t.Error("the policy does not allow the style")
			}
			rest := scriptPattern.ReplaceAllString(page, "")
			if strings.Contains(rest, "<script") || strings.Contains(rest, "<img") {
				t.Error("an attack is markup on the page")
			}
			if loads := regexp.MustCompile(`(?i)\s(src|href)="[^"#d][^"]*"|@import|url\(`).FindString(rest); loads != "" {
				t.Errorf("the page loads %q", loads)
			}
		})
	}
}

func TestPageIsDeterministic(t *testing.T) {
	first := rendered(t, hostileReport())
	for range 3 {
		if !bytes.Equal(first, rendered(t, hostileReport())) {
			t.Fatal("two pages of one report differ")
		}
	}
}

func TestScriptsDoNotEndTheirElement(t *testing.T) {
	for name, code := range map[string]string{"echarts": script(t), "report.js": pageScript} {
		for _, end := range []string{"</script", "<!--"} {
			if strings.Contains(strings.ToLower(code), end) {
				t.Errorf("%s holds %q", name, end)
			}
		}
	}
}

func TestMissingPartsOfThePage(t *testing.T) {
	for _, test := range []struct {
		name   string
		report Report
		want   []string
		not    []string
	}{
		{"nothing", Report{}, []string{"No dataset has been scored yet."}, []string{`id="leaderboard"`}},
		{"not run", Report{Datasets: benchmark(), Results: []reports.Result{result("a", "stars", 1, 2, 2)}},
			[]string{"1 not run: needs an agreement", "3 not run", "1 of 5"}, nil},
		{"incomplete", Report{Datasets: benchmark(), Results: mixed()}, []string{"incomplete: 60 of 100 passages", "ollama/small (seed=1)", "60 of 100"}, nil},
		{"too few datasets", Report{Datasets: benchmark(), Results: []reports.Result{
			result("a", "stars", 1, 2, 2), result("a", "plants", 1, 2, 2), result("a", "courts", 1, 2, 2), result("b", "stars", 1, 2, 2),
		}}, []string{"<small>1 dataset, others up to 3: too few to average with them</small>"}, nil},
		{"no interval", Report{Results: []reports.Result{result("a", "stars", 1, 2, 2)}}, []string{"This report has no intervals."}, []string{"95 %"}},
		{"interval", Report{Results: mixed()}, []string{"41.1 – 45.0", "95 %"}, []string{"This report has no intervals."}},
		{"no answers", Report{Results: []reports.Result{tagger(result("a", "stars", 1, 2, 2))}}, nil, []string{`id="answers"`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			page := string(rendered(t, test.report))
			for _, s := range test.want {
				if !strings.Contains(page, s) {
					t.Errorf("%q is not on the page", s)
				}
			}
			for _, s := range test.not {
				if strings.Contains(page, s) {
					t.Errorf("%q is on the page", s)
				}
			}
		})
	}
}

func TestSamplePieces(t *testing.T) {
	s := fullSample()
	v := newSampleView(s)
	var text strings.Builder
	var classes []string
	for _, p := range v.Pieces {
		text.WriteString(p.Text)
		if p.Class != "" {
			classes = append(classes, p.Text+"="+p.Class)
		}
	}
	if text.String() != s.Text {
		t.Errorf("the pieces are %q, want %q", text.String(), s.Text)
	}
	want := []string{"Ada Lovelace=hit", "Charles =missed", "Babbage=missed spurious", "London=hit", "café “Élan”=missed"}
	if !slices.Equal(classes, want) {
		t.Errorf("marked %q, want %q", classes, want)
	}
	last := v.Entities[len(v.Entities)-2]
	if last.Text != "café “Élan”" || last.Start != 50 || last.End != 61 {
		t.Errorf("%q is at [%d,%d), want code points [50,61)", last.Text, last.Start, last.End)
	}
}

func TestSampleIgnoresSpansOutsideItsText(t *testing.T) {
	v := newSampleView(Sample{Text: "é", Gold: []ner.Span{{Start: 0, End: 9}, {Start: -1, End: 1}, {Start: 0, End: 1}, {Start: 1, End: 0}}})
	if len(v.Entities) != 0 || len(v.Pieces) != 1 {
		t.Errorf("entities %v, pieces %v", v.Entities, v.Pieces)
	}
}

// TestHalfCounts: doubled counts are printed halved.
func TestHalfCounts(t *testing.T) {
	page := withoutLibrary(t, Report{
		Results: []reports.Result{result("m", "stars", 37, 80, 90)},
		Doubled: func(metric string) bool { return metric == reports.SpanF1 },
	})
	if want := "<td>18.5</td><td>40</td><td>45</td>"; !strings.Contains(page, want) {
		t.Errorf("%q is not on the page", want)
	}
}

func TestCommas(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 6650827: "6,650,827", -1234: "-1,234"} {
		if got := commas(n); got != want {
			t.Errorf("commas(%d) = %s, want %s", n, got, want)
		}
	}
}

// script is the script of the charts: the published file, byte for byte.
func script(t *testing.T) string {
	t.Helper()
	text, err := echarts.Script()
	if err != nil {
		t.Fatal(err)
	}
	if sum := fmt.Sprintf("%x", sha256.Sum256([]byte(text))); sum != "b66b25aeb4df84e33199dc21694014d336d222cbd9deb0e5a7c14bd6aa0d0fd0" {
		t.Fatalf("the script has the checksum %s", sum)
	}
	return text
}
