package distill

import (
	"slices"
	"strings"
	"testing"
)

// TestJoin: passages of different texts may have one id; one text with two answers is an
// error, whichever folders have it.
func TestJoin(t *testing.T) {
	folder := func(name string, passages ...Passage) Folder {
		d := &Data{}
		for _, p := range passages {
			d.Kept = append(d.Kept, &Kept{Passage: p})
		}
		return Folder{Name: name, Data: d}
	}
	a, b := Passage{ID: "x/0", Text: "Ada ran."}, Passage{ID: "x/0", Text: "Bo ran."}
	for name, tc := range map[string]struct {
		folders []Folder
		want    []string
		err     string
	}{
		"one folder":                      {[]Folder{folder("one", a)}, []string{"x/0"}, ""},
		"other texts":                     {[]Folder{folder("one", a), folder("two", b), folder("three", Passage{ID: "y/0", Text: "Ada ran."})}, []string{"x/0", "x/0@2", "y/0"}, ""},
		"the text of the first":           {[]Folder{folder("one", a), folder("two", a)}, nil, "one and two both have the passage x/0"},
		"the text of a later one":         {[]Folder{folder("one", a), folder("two", b), folder("three", b)}, nil, "two and three both have the passage x/0"},
		"the text of the first, later on": {[]Folder{folder("one", a), folder("two", b), folder("three", a)}, nil, "one and three both have the passage x/0"},
	} {
		t.Run(name, func(t *testing.T) {
			kept, err := Join(tc.folders)
			var ids []string
			for _, k := range kept {
				ids = append(ids, k.ID)
			}
			if tc.err == "" && err != nil || tc.err != "" && (err == nil || !strings.Contains(err.Error(), tc.err)) || !slices.Equal(ids, tc.want) {
				t.Errorf("the passages are %v, want %v; %v", ids, tc.want, err)
			}
		})
	}
}
