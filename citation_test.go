package nerbench

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"nerbench/datasets"
)

// TestCitationFile: CITATION.cff has the fields that the format requires, the version of
// the program, and the paper of the benchmark as in its BibTeX entry.
func TestCitationFile(t *testing.T) {
	text := readText(t, "CITATION.cff")
	for _, field := range []string{"cff-version: 1.2.0", "message: ", "title: ", "authors:", "type: software", "license: Apache-2.0"} {
		if !strings.Contains(text, "\n"+field) && !strings.HasPrefix(text, field) {
			t.Errorf("no line %q", field)
		}
	}
	version := regexp.MustCompile(`const version = "(.*)"`).FindStringSubmatch(readText(t, "cmd/nerbench/version.go"))
	if version == nil || !strings.Contains(text, "\nversion: "+version[1]+"\n") {
		t.Errorf("want version %q", version)
	}
	paper, err := datasets.Paper()
	if err != nil {
		t.Fatal(err)
	}
	if title := strings.NewReplacer("{", "", "}", "").Replace(paper.Field("title")); !strings.Contains(text, `title: "`+title+`"`) {
		t.Errorf("no title %q", title)
	}
	if !strings.Contains(text, "year: "+paper.Field("year")) || !strings.Contains(text, paper.Field("note")) {
		t.Error("the year or the number of arXiv differs")
	}
	var authors []string
	for _, m := range regexp.MustCompile(`family-names: (.*)\n +given-names: (.*)\n`).FindAllStringSubmatch(text, -1) {
		authors = append(authors, m[1]+", "+m[2])
	}
	if want := strings.Split(paper.Field("author"), " and "); !slices.Equal(authors, want) {
		t.Errorf("authors %q, want %q", authors, want)
	}
}

func readText(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
