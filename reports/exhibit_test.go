package reports

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"nerbench/internal/fault"
)

func TestExhibit(t *testing.T) {
	table := Grid{Title: "numbers", Header: []string{"system", "F1"}, Body: [][]string{{"ours", "50.0"}}}
	figure := Figure{Title: "bars", Categories: []string{"all"}, Series: []Series{{Name: "ours", Values: []*float64{ratio(50)}}}}
	for _, test := range []struct {
		name   string
		x      Exhibit
		format string
		want   string // in the output; empty: a usage error
		files  []string
	}{
		{"text", Exhibit{Name: "x", Grids: []Grid{table, table}}, "text", "50.0\n\nnumbers\n", []string{"x.txt"}},
		{"json", Exhibit{Name: "x", Grids: []Grid{table}, JSON: []int{1}}, "json", "[\n  1\n]\n", []string{"x.json"}},
		{"page", Exhibit{Name: "x", Title: "page", Grids: []Grid{table, table}, Figure: &figure}, "html", "<svg", []string{"x.html"}},
		{"figure", Exhibit{Name: "x", Grids: []Grid{table}, Figure: &figure}, "svg", "<svg", []string{"x.svg"}},
		{"no figure", Exhibit{Name: "x", Grids: []Grid{table}}, "svg", "", []string{"x.svg"}},
		{"unknown", Exhibit{Name: "x", Grids: []Grid{table}}, "docx", "", nil},
		{"files of a table", Exhibit{Name: "x", Grids: []Grid{table}}, "", "", []string{"x.txt", "x.md", "x.csv", "x.tex", "x.json", "x.html"}},
		{"files of a figure", Exhibit{Name: "x", Grids: []Grid{table}, Figure: &figure}, "", "",
			[]string{"x.txt", "x.md", "x.csv", "x.tex", "x.json", "x.html", "x.svg"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var b strings.Builder
			err := test.x.Write(&b, test.format)
			var usage *fault.UsageError
			switch {
			case test.want == "" && !errors.As(err, &usage):
				t.Errorf("error is %v, want a usage error", err)
			case test.want != "" && (err != nil || !strings.Contains(b.String(), test.want)):
				t.Errorf("no %q in %q (%v)", test.want, b.String(), err)
			}
			var files []string
			for _, f := range test.x.Files(test.format) {
				files = append(files, f.Name)
			}
			if !slices.Equal(files, test.files) {
				t.Errorf("files %q, want %q", files, test.files)
			}
		})
	}
}
