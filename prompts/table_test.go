package prompts_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"nerbench/prompts"
)

// TestTable compares the table with the families and the templates that there are. That
// the forms and presets of its entries exist is tested in package harness.
func TestTable(t *testing.T) {
	if names := slices.Sorted(slices.Values(prompts.Names(prompts.Families))); len(slices.Compact(names)) != len(prompts.Families) {
		t.Errorf("two families have one name: %q", prompts.Names(prompts.Families))
	}
	for _, f := range prompts.Families {
		names := []string{""}
		for _, v := range f.Variants {
			names = append(names, v.Name)
		}
		for _, name := range prompts.AnsweredVariants(f) {
			if !slices.Contains(names, name) {
				t.Errorf("%s: the table has answers of a variant %q, which the family does not have", f.Name, name)
			}
		}
	}
	folders, err := os.ReadDir("templates")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		if !slices.Contains(prompts.Names(prompts.Families), folder.Name()) {
			t.Errorf("templates/%s: no family of the table has this name", folder.Name())
		}
	}
	if defined := definedFamilies(t); len(defined) != len(prompts.Families) {
		t.Errorf("families are defined as %q: the table has %d of %d", defined, len(prompts.Families), len(defined))
	}
}

// definedFamilies are the variables of the package that hold a family.
func definedFamilies(t *testing.T) []string {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^(?:var )?\t?(\w+) += Family\{`).FindAllStringSubmatch(string(text), -1) {
			names = append(names, m[1])
		}
	}
	return names
}
