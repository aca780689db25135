package cards_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"nerbench/runners/cards"
)

func TestFactsOfTheModel(t *testing.T) {
	read := func(facts string) (cards.Card, error) {
		list, err := cards.Read(fstest.MapFS{"x.toml": {Data: []byte("title = \"X\"\nfamily = \"uniner\"\nshape = \"chat\"\n" + facts)}})
		if err != nil {
			return cards.Card{}, err
		}
		return list[0], nil
	}
	c, err := read("organisation = \"Lab\"\nparameters = \"1.7B\"\nlicence = \"Apache-2.0\"\nopen_weights = false\nreleased = \"2024-06-28\"\n")
	if err != nil || c.OpenWeights == nil || *c.OpenWeights || c.Parameters != "1.7B" || c.Released != "2024-06-28" {
		t.Errorf("%+v, %v", c, err)
	}
	if c, err = read(""); err != nil || c.OpenWeights != nil {
		t.Errorf("without facts: %+v, %v", c, err)
	}
	for facts, want := range map[string]string{
		`parameters = "7 billion"`: "parameters: ", `parameters = "7b"`: "parameters: ", `released = "June 2024"`: "released: ", `released = "2024-13"`: "released: ",
	} {
		if _, err := read(facts); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v", facts, err)
		}
	}
}
