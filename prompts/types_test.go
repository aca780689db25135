package prompts_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"nerbench/prompts"
)

// TestDescribeFaults holds what is said of descriptions of types that are wrong.
func TestDescribeFaults(t *testing.T) {
	const person = "[[type]]\nname = \"person\"\n"
	for _, c := range []struct{ name, text, want string }{
		{"no such type", "[[type]]\nname = \"animal\"\n", `types/dataset.toml:2: type "animal": dataset dataset has no such type (known: person, City)`},
		{"a type twice", person + person, `type "person": occurs twice`},
		{"blank at an edge", person + "definition = \"A human. \"\n", `"A human. " has white space at its edge`},
		{"blank at an edge of a name", person + "paraphrases = [\" human\"]\n", `" human" has white space at its edge`},
		{"its own name", person + "paraphrases = [\"person\"]\n", `types/dataset.toml:2: type "person": paraphrase "person": want another name`},
		{"a name twice", person + "paraphrases = [\"human\", \"human\"]\n", `types/dataset.toml:3: type "person": paraphrase "human": want another name`},
		{"the name of another type", person + "paraphrases = [\"city\"]\n", `types/dataset.toml:3: type "person": paraphrase "city": is the type "City" of the dataset`},
	} {
		t.Run(c.name, func(t *testing.T) {
			dataset := prompts.Dataset{ID: "dataset", Types: named([]string{"person", "City"})}
			_, err := prompts.Describe(&dataset, fstest.MapFS{"types/dataset.toml": {Data: []byte(c.text)}})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want %q", err, c.want)
			}
		})
	}
}
