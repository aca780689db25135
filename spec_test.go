package nerbench

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"nerbench/metrics"
)

// specFolder holds the specification, one document a subject.
const specFolder = "docs/spec/"

var (
	// specHeading is a numbered chapter or section: "## 9. Title", "### 9.1 Title".
	specHeading = regexp.MustCompile(`^##+ (\d+(?:\.\d+)?)\.? `)
	// specProperty is a numbered line of a table, which a chapter without sections
	// may have: §13.3 is line 3 of §13.
	specProperty = regexp.MustCompile(`^\| (\d+) \|`)
	// specNumber matches section numbers, alone and behind one or two signs:
	// "§3", "§3.1", "§§3.1–3.3", "§§3.1, 3.2 and 3.4".
	specNumber = regexp.MustCompile(`§§\s*\d+(?:\.\d+)?(?:(?:\s*[–-]\s*|,\s+|\s+and\s+|,\s+and\s+)§?\d+(?:\.\d+)?)*|§\d+(?:\.\d+)?(?:[–-]§?\d+(?:\.\d+)?)?`)
	// specName is a document, or a section number.
	specName     = regexp.MustCompile(`[\w./-]*\w\.md\b|` + specNumber.String())
	plainDigit   = regexp.MustCompile(`\d+(?:\.\d+)?`)
	specDocument = regexp.MustCompile(`docs/spec/\w+\.md\b`)
	// specAdjacent is a document of the specification with the sections directly
	// behind it.
	specAdjacent = regexp.MustCompile("docs/spec/\\w+\\.md`?(?:(?:,| and| or)? (?:" + specNumber.String() + "))*")
	// foreignDocument is a document that may not be in the repository: names in
	// capitals must be those of files at its root, and the document on formats is
	// that of the specification.
	foreignDocument = regexp.MustCompile(`\b[A-Z]{2,}\.md\b|[\w./-]*\b(?:formats|published)\.md\b`)
)

// specSections returns the numbers of a document's chapters and sections, in
// order, and those of the numbered lines of its chapters.
func specSections(t testing.TB, name string) (sections, properties []string) {
	t.Helper()
	text, err := os.ReadFile(specFolder + name)
	if err != nil {
		t.Fatal(err)
	}
	at := ""
	for line := range strings.Lines(string(text)) {
		if m := specHeading.FindStringSubmatch(line); m != nil {
			at = m[1]
			sections = append(sections, at)
		}
		if m := specProperty.FindStringSubmatch(line); m != nil && at != "" && !strings.Contains(at, ".") {
			properties = append(properties, at+"."+m[1])
		}
	}
	return sections, properties
}

// specification maps each document of the specification to the numbers that may
// be cited.
func specification(t testing.TB) map[string][]string {
	t.Helper()
	files, err := os.ReadDir(specFolder)
	if err != nil {
		t.Fatal(err)
	}
	documents := map[string][]string{}
	for _, f := range files {
		if path.Ext(f.Name()) == ".md" {
			sections, properties := specSections(t, f.Name())
			documents[specFolder+f.Name()] = slices.Concat(sections, properties)
		}
	}
	return documents
}

// specCitation is a section that a text cites. The document is empty where the
// text names none.
type specCitation struct{ document, section string }

// specCitations returns the citations of a text. A section belongs to the document
// that was named last.
func specCitations(text, document string) []specCitation {
	if !strings.Contains(text, "§") {
		return nil
	}
	var found []specCitation
	for _, match := range specName.FindAllString(text, -1) {
		if strings.HasSuffix(match, ".md") {
			document = match
			continue
		}
		for _, section := range plainDigit.FindAllString(match, -1) {
			found = append(found, specCitation{document, section})
		}
	}
	return found
}

// TestSpecCitations checks that each section of the specification that the
// repository cites exists, and that no file names a document that does not.
func TestSpecCitations(t *testing.T) {
	documents := specification(t)
	cited := 0
	check := func(t *testing.T, where string, candidates []string, c specCitation) {
		t.Helper()
		switch sections, ok := documents[c.document]; {
		case c.document == "":
			if !slices.ContainsFunc(candidates, func(d string) bool { return slices.Contains(documents[d], c.section) }) {
				t.Errorf("%s: §%s: there is no such section in %s", where, c.section, strings.Join(candidates, ", "))
			}
		case !strings.HasPrefix(c.document, specFolder):
			return
		case !ok:
			return // reported once for the file
		case !slices.Contains(sections, c.section):
			t.Errorf("%s: %s §%s: there is no such section", where, c.document, c.section)
		}
		cited++
	}
	eachText(t, func(name string, text []byte) {
		if name == "spec_test.go" || name == "THIRD_PARTY_NOTICES" {
			return // examples are no citations; the texts of others name their own documents
		}
		if !bytes.Contains(text, []byte(".md")) && !bytes.Contains(text, []byte("§")) {
			return
		}
		for _, d := range specDocument.FindAllString(string(text), -1) {
			if documents[d] == nil {
				t.Errorf("%s: %s: there is no such document", name, d)
			}
		}
		if foreign := foreignDocuments(name, string(text)); len(foreign) > 0 {
			t.Errorf("%s: names documents that are not in the repository: %s", name, strings.Join(foreign, ", "))
		}
		for _, unit := range specUnits(t, name, text) {
			for _, c := range unit.citations {
				check(t, name+": "+unit.place, specCandidates(documents, string(text)), c)
			}
		}
	})
	if cited == 0 {
		t.Error("no citation was found")
	}
}

// specCandidates are the documents that a section without a document may belong
// to: those that the file names, all where it names none.
func specCandidates(documents map[string][]string, text string) []string {
	names := slices.Sorted(maps.Keys(documents))
	named := slices.DeleteFunc(slices.Clone(names), func(d string) bool { return !strings.Contains(text, d) })
	if len(named) > 0 {
		return named
	}
	return names
}

// eachText calls f for each text file of the repository.
func eachText(t *testing.T, f func(name string, text []byte)) {
	t.Helper()
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name != "." && name != ".ci" && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules") {
				return fs.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(name)
		if err == nil && utf8.Valid(text) && !bytes.ContainsRune(text, 0) {
			f(name, text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// foreignDocuments are the documents that a text names and the repository does
// not have. Inside docs/spec a document is named without its folder.
func foreignDocuments(name, text string) []string {
	var found []string
	for _, m := range foreignDocument.FindAllString(text, -1) {
		_, absent := os.Stat(m)
		ours := strings.HasSuffix(m, "spec/formats.md") || m == "formats.md" && strings.HasPrefix(name, "docs/")
		if absent != nil && !ours && !slices.Contains(found, m) {
			found = append(found, m)
		}
	}
	return found
}

// specUnit is a text whose sections belong to the document that it names: a
// comment or a string of a Go file, a line of any other.
type specUnit struct {
	place     string
	citations []specCitation
}

func specUnits(t *testing.T, name string, text []byte) []specUnit {
	t.Helper()
	switch {
	case path.Ext(name) == ".go":
		return goUnits(t, name, text)
	case strings.HasPrefix(name, specFolder):
		return specDocumentUnits(name, text)
	}
	// A text about anything may have the sign: what counts are the citations
	// that name a document.
	bare := path.Ext(name) == ".md"
	var units []specUnit
	for i, line := range strings.Split(string(text), "\n") {
		citations := slices.DeleteFunc(specCitations(line, ""), func(c specCitation) bool { return c.document == "" && !bare })
		units = append(units, specUnit{strconv.Itoa(i + 1), citations})
	}
	return units
}

// specDocumentUnits are the lines of a document of the specification, where a
// section belongs to this document unless another one is named directly before.
func specDocumentUnits(name string, text []byte) []specUnit {
	var units []specUnit
	for i, line := range strings.Split(string(text), "\n") {
		unit := specUnit{place: strconv.Itoa(i + 1)}
		for _, other := range specAdjacent.FindAllString(line, -1) {
			unit.citations = append(unit.citations, specCitations(other, "")...)
		}
		own := specAdjacent.ReplaceAllString(line, "")
		for _, m := range specNumber.FindAllString(own, -1) {
			unit.citations = append(unit.citations, specCitations(m, name)...)
		}
		units = append(units, unit)
	}
	return units
}

func goUnits(t *testing.T, name string, text []byte) []specUnit {
	t.Helper()
	files := token.NewFileSet()
	f, err := parser.ParseFile(files, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return nil
	}
	var units []specUnit
	add := func(at token.Pos, text string) {
		units = append(units, specUnit{strconv.Itoa(files.Position(at).Line), specCitations(text, "")})
	}
	for _, c := range f.Comments {
		add(c.Pos(), c.Text())
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.BasicLit); ok && s.Kind == token.STRING {
			add(s.Pos(), s.Value)
		}
		return true
	})
	return units
}

// TestSpecCitationsAreFound checks the scanner of citations.
func TestSpecCitationsAreFound(t *testing.T) {
	const m, p = specFolder + "metrics.md", specFolder + "prompts.md"
	for _, c := range []struct {
		name, text string
		want       []specCitation
	}{
		{"none", "a text about nothing", nil},
		{"one", "see " + m + " §9.1, step 5", []specCitation{{m, "9.1"}}},
		{"in quotes", "see `" + m + "` §2.", []specCitation{{m, "2"}}},
		{"wrapped", "see (" + m + "\n§2)", []specCitation{{m, "2"}}},
		{"the document named last", m + " §3.1, §3.2; " + p + " §4 (§4.1)", []specCitation{{m, "3.1"}, {m, "3.2"}, {p, "4"}, {p, "4.1"}}},
		{"range", m + " §§3.1–3.3", []specCitation{{m, "3.1"}, {m, "3.3"}}},
		{"range of signs", m + " §3.1–§3.3", []specCitation{{m, "3.1"}, {m, "3.3"}}},
		{"list behind two signs", m + " §§3.1, 3.2 and 4", []specCitation{{m, "3.1"}, {m, "3.2"}, {m, "4"}}},
		{"no document", "as §7.4 defines", []specCitation{{"", "7.4"}}},
		{"another document", m + " §2, CONTRIBUTING.md §3", []specCitation{{m, "2"}, {"CONTRIBUTING.md", "3"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := specCitations(c.text, ""); !slices.Equal(got, c.want) {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
}

// TestForeignDocumentsAreFound checks the names of documents that are not ours.
func TestForeignDocumentsAreFound(t *testing.T) {
	for _, c := range []struct {
		name, file, text string
		want             []string
	}{
		{"ours", "a.go", "README.md, CONTRIBUTING.md, docs/spec/formats.md, docs/metrics.md", nil},
		{"not ours", "a.go", "ABSENT.md §2, LOST.md and (ABSENT.md)", []string{"ABSENT.md", "LOST.md"}},
		{"formats", "a.go", "formats.md §2", []string{"formats.md"}},
		{"formats of another folder", "a.go", "benchmark/formats.md", []string{"benchmark/formats.md"}},
		{"a neighbour in the specification", "docs/spec/metrics.md", "[formats](formats.md)", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := foreignDocuments(c.file, c.text); !slices.Equal(got, c.want) {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
}

// TestMetricsNameTheirSections checks the sections that the help on metrics
// prints.
func TestMetricsNameTheirSections(t *testing.T) {
	sections, _ := specSections(t, "metrics.md")
	for _, m := range metrics.Metrics {
		if !slices.Contains(sections, m.Section) {
			t.Errorf("metric %s: docs/spec/metrics.md §%s: there is no such section", m.ID, m.Section)
		}
	}
}
