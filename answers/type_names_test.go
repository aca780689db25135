package answers

import (
	"slices"
	"testing"
)

func TestTypeNames(t *testing.T) {
	for _, tc := range []struct {
		name, list string
		want       []TypeName
		format     string
	}{
		{"none", "", nil, ""},
		{"names", "person, program language,,", []TypeName{{Natural: "person", Native: "person"}, {Natural: "program language", Native: "program language"}}, "person,program language"},
		{"native labels", "PER=person,LOC", []TypeName{{Natural: "person", Native: "PER"}, {Natural: "LOC", Native: "LOC"}}, "PER=person,LOC"},
		{"a list", `["a, b", {"native": "X", "natural": "x"}]`, []TypeName{{Natural: "a, b", Native: "a, b"}, {Natural: "x", Native: "X"}}, `["a, b",{"native":"X","natural":"x"}]`},
		{"a name with =", `["a=b"]`, []TypeName{{Natural: "a=b", Native: "a=b"}}, `["a=b"]`},
		{"no list", `["a"`, []TypeName{{Natural: `["a"`, Native: `["a"`}}, `["a"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := ParseTypeNames(tc.list)
			if !slices.Equal(got, tc.want) {
				t.Errorf("names are %+v, want %+v", got, tc.want)
			}
			format := FormatTypeNames(got)
			if format != tc.format {
				t.Errorf("list is %s, want %s", format, tc.format)
			}
			if back := ParseTypeNames(format); !slices.Equal(back, got) {
				t.Errorf("%s reads back as %+v", format, back)
			}
		})
	}
}
