package distill

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func words(text string) (int, error) { return len(strings.Fields(text)), nil }

func TestSplit(t *testing.T) {
	c := Conversation{ID: "p", Text: "Ada met Bo .", Questions: []Question{
		{Type: "person", Answers: []string{"Ada", "Bo"}},
		{Type: "a type " + strings.Repeat("of many words ", 50)},
		{Type: "city", Negative: true},
		{Type: "date", Negative: true},
	}}
	// The first turns have 23 words; a question has 10, or 11 with two entities.
	for _, tc := range []struct {
		most int
		want string
		left int
	}{
		{1024, "[[person a type " + strings.Repeat("of many words ", 50) + " city date]]", 0},
		{54, "[[person city date]]", 1},
		{44, "[[person city] [date]]", 1},
		{34, "[[person] [city] [date]]", 1},
		{33, "[[city] [date]]", 2},
		{20, "[]", 4},
	} {
		parts, left, err := c.Split(tc.most, words)
		if err != nil {
			t.Fatal(err)
		}
		got := [][]string{}
		for _, p := range parts {
			var names []string
			for _, q := range p.Questions {
				names = append(names, q.Type)
			}
			got = append(got, names)
			if p.Text != c.Text || p.ID != c.ID {
				t.Errorf("a part is %+v", p)
			}
		}
		if fmt.Sprint(got) != tc.want || left != tc.left {
			t.Errorf("at most %d: parts %v, %d left, want %s, %d", tc.most, got, left, tc.want, tc.left)
		}
	}
	broken := errors.New("the tokenizer is gone")
	if _, _, err := c.Split(9, func(string) (int, error) { return 0, broken }); !errors.Is(err, broken) {
		t.Errorf("error is %v", err)
	}
}
