package reports

import (
	"bytes"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestFigure: a figure has a bar for each value, published ones are hatched, and names
// cannot be markup.
func TestFigure(t *testing.T) {
	v := func(f float64) *float64 { return &f }
	f := Figure{
		Title: "a <b>", Categories: []string{"one", "two & more"},
		Series: []Series{
			{Name: "ours", Values: []*float64{v(50), nil}, CI: []*[2]float64{{40, 60}, nil}},
			{Name: "theirs", Values: []*float64{v(30), v(20)}, Published: true},
		},
	}
	var b bytes.Buffer
	if err := f.WriteSVG(&b); err != nil {
		t.Fatal(err)
	}
	svg := b.String()
	for want, n := range map[string]int{"<title>": 3, `class="ci"`: 1, "url(#h1)": 3, "<b>": 0, "two &amp; more": 2, "theirs (published)": 3} {
		if got := strings.Count(svg, want); got != n {
			t.Errorf("%d of %q, want %d in\n%s", got, want, n, svg)
		}
	}
	f.Lines = true
	b.Reset()
	if err := f.WriteSVG(&b); err != nil || strings.Count(b.String(), "<circle") != 3 || !strings.Contains(b.String(), "stroke-dasharray") {
		t.Errorf("lines: %v\n%s", err, b.String())
	}
}

// TestFigurePut: each series has as many values as there are categories, in percent.
func TestFigurePut(t *testing.T) {
	var f Figure
	f.Put("a", "one", ratio(0.5), &[2]float64{0.4, 0.6})
	f.Put("b", "two", ratio(0.25), nil)
	f.Put("a", "three", nil, nil)
	if got := strings.Join(f.Categories, " "); got != "one two three" {
		t.Errorf("categories %q", got)
	}
	for i, want := range []string{"50 - -", "- 25 -"} {
		var got []string
		for _, v := range f.Series[i].Values {
			if v == nil {
				got = append(got, "-")
			} else {
				got = append(got, trimZeros(*v))
			}
		}
		if text := strings.Join(got, " "); text != want {
			t.Errorf("series %s has the values %q, want %q", f.Series[i].Name, text, want)
		}
	}
	if ci := f.Series[0].CI; len(ci) != 3 || ci[0] == nil || *ci[0] != [2]float64{40, 60} || ci[1] != nil {
		t.Errorf("intervals %v", ci)
	}
}

// TestFigureMarks: values with a note have its mark, above a bar or beside the name of
// the category, and the note stands below.
func TestFigureMarks(t *testing.T) {
	v := func(f float64) *float64 { return &f }
	for name, categories := range map[string]int{"bars": 2, "narrow bars": 12, "dots": 20, "lines": 4} {
		t.Run(name, func(t *testing.T) {
			f := Figure{Title: "t", Notes: []string{"(1) incomplete: 3 of 8 passages"}, Lines: name == "lines"}
			for i := range 3 {
				s := Series{Name: string(rune('a' + i)), Marks: make([]string, categories)}
				for range categories {
					s.Values = append(s.Values, v(50))
				}
				f.Series = append(f.Series, s)
			}
			for i := range categories {
				f.Categories = append(f.Categories, "category "+string(rune('a'+i)))
			}
			f.Series[1].Marks[1] = "(1)"
			var b bytes.Buffer
			if err := f.WriteSVG(&b); err != nil {
				t.Fatal(err)
			}
			text := b.String()
			marked := 0
			for line := range strings.Lines(text) {
				if strings.Contains(line, "(1)</text>") {
					marked++
				}
			}
			if marked != 1 || !strings.Contains(text, "b: 50.0 (1)</title>") || !strings.Contains(text, f.Notes[0]) {
				t.Errorf("%d values have the mark, want 1:\n%s", marked, text)
			}
		})
	}
}

// TestFigureLog: powers of ten are equally far apart, and the values are printed as they
// are.
func TestFigureLog(t *testing.T) {
	values := []float64{1000, 10, 1, 0}
	f := Figure{Title: "ranks", Unit: "entities", Log: true, Lines: true, Categories: []string{"1", "2", "3", "4"}, Series: []Series{{Name: "a", Values: []*float64{&values[0], &values[1], &values[2], &values[3]}}}}
	var b strings.Builder
	if err := f.WriteSVG(&b); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	var heights []float64
	for _, m := range regexp.MustCompile(`cy="([0-9.]+)"`).FindAllStringSubmatch(text, -1) {
		y, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		heights = append(heights, y)
	}
	if len(heights) != 3 || math.Abs((heights[1]-heights[0])-2*(heights[2]-heights[1])) > 0.3 {
		t.Errorf("the points are at %v, want three: 0 has no logarithm", heights)
	}
	for _, want := range []string{">1000</text>", ">100</text>", ">1</text>", "1, a: 1000<"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	if *f.Series[0].Values[0] != 1000 {
		t.Error("the values of the caller are changed")
	}
}
