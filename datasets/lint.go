package datasets

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"nerbench/internal/names"
	"nerbench/ner"
)

// Lint returns all faults of a dataset, each with its field. A dataset without
// faults can be read, listed and evaluated.
func Lint(r *Dataset) []error {
	var l lint
	l.identity(r)
	l.labels(r)
	l.counts(r)
	l.sources(r)
	l.conll(r)
	l.sets(r)
	return l.faults
}

// lint collects faults. Its methods do not stop at the first one.
type lint struct {
	faults []error
}

func (l *lint) fault(field, format string, args ...any) {
	l.faults = append(l.faults, fmt.Errorf("%s: %s", field, fmt.Sprintf(format, args...)))
}

// required checks for a value without white space at its ends.
func (l *lint) required(field, value string) {
	switch {
	case value == "":
		l.fault(field, "missing")
	case strings.TrimSpace(value) != value:
		l.fault(field, "%q begins or ends with white space", value)
	}
}

// oneOf checks for a word of a closed vocabulary.
func oneOf[S ~string](l *lint, field string, value S, words []S) {
	if !slices.Contains(words, value) {
		l.fault(field, "%q is not one of %q", value, words)
	}
}

var idPattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

func (l *lint) identity(r *Dataset) {
	if !idPattern.MatchString(r.ID) {
		l.fault("id", "%q: want lower-case letters, digits and single hyphens", r.ID)
	} else if _, err := names.Element(r.ID); err != nil {
		l.fault("id", "%v", err)
	}
	if r.File != "" && r.File != r.ID+".toml" {
		l.fault("id", "%q: want the name of the file, %s", r.ID, r.File)
	}
	l.required("title", r.Title)
	l.required("dataset", r.Corpus)
	l.required("licence", r.Licence)
	if r.Table6 != (Table6{}) {
		oneOf(l, "domain", r.Domain, Domains)
	} else if !idPattern.MatchString(r.Domain) { // a custom dataset may have a custom domain
		l.fault("domain", "%q: want lower-case letters, digits and single hyphens", r.Domain)
	}
	oneOf(l, "overlap", r.Overlap, Overlaps)
	oneOf(l, "access", r.Access, AccessKinds)
	l.text(r)
	oneOf(l, "label_rule", r.LabelRule, labelRules)
	oneOf(l, "uniner_gold", r.UniNERGold, goldRules)
	l.relative("data_dir", r.DataDir)
	if len(r.Families) == 0 {
		l.fault("families", "missing")
	}
	for i, f := range r.Families {
		oneOf(l, fmt.Sprintf("families[%d]", i), f, Families)
	}
}

// text checks that the text rule permits no more than the access does.
func (l *lint) text(r *Dataset) {
	oneOf(l, "text", r.Text, textRules)
	switch {
	case (r.Access == "agreement" || r.Access == "paid") && (r.MayShow(PublishText) || r.MayShow(NonCommercialText)):
		l.fault("text", "%q: want %q: the access needs an agreement or a licence (access = %q)", r.Text, NeverText, r.Access)
	case r.Access == "non-commercial" && r.MayShow(PublishText):
		l.fault("text", "%q: want %q or %q, since access is %q", r.Text, NonCommercialText, NeverText, r.Access)
	}
}

func (l *lint) relative(field, p string) {
	switch {
	case p == "":
		l.fault(field, "missing")
	case p == "." || !fs.ValidPath(p):
		l.fault(field, "%q: want a relative path with slashes, without . and ..", p)
	default:
		if _, err := names.Local(p); err != nil {
			l.fault(field, "%v", err)
		}
	}
}

func (l *lint) labels(r *Dataset) {
	if len(r.Types()) == 0 {
		l.fault("labels", "no label has a type")
	}
	natives := map[string]bool{}
	names := map[string]ner.EntityType{}
	for i, label := range r.Labels {
		field := fmt.Sprintf("labels[%d]", i)
		l.required(field+".native", label.Native)
		if natives[label.Native] {
			l.fault(field+".native", "%q is a duplicate", label.Native)
		}
		natives[label.Native] = true
		if label.Drop {
			if label.Type != "" {
				l.fault(field, "%q is dropped but has the type %q", label.Native, label.Type)
			}
			continue
		}
		l.required(field+".type", string(label.Type))
		if strings.ContainsFunc(string(label.Type), func(c rune) bool { return !unicode.IsPrint(c) }) {
			l.fault(field+".type", "%q has a character that is not printable", label.Type)
		}
		folded := Fold(label.Type)
		if other, seen := names[folded]; seen && other != label.Type {
			l.fault(field+".type", "%q and %q have the same folded form %q: answers cannot distinguish them", label.Type, other, folded)
		}
		names[folded] = label.Type
	}
	if (r.LabelRule == WithoutSuffix) != (len(r.LabelSuffixes) > 0) {
		l.fault("label_suffixes", "want them with the label rule %s, and only then", WithoutSuffix)
	}
}

// Fold is the form in which a type in an answer is compared with the types of a
// dataset (docs/spec/prompts.md §3.4). It ignores case, replaces each sequence of
// hyphens, underscores, slashes and white space by one space, and removes
// punctuation at both ends. Two types of a dataset must not have the same folded
// form.
func Fold(t ner.EntityType) string {
	caseless := strings.ToLower(strings.ToUpper(string(t)))
	words := strings.FieldsFunc(caseless, func(c rune) bool {
		return c == '-' || c == '_' || c == '/' || unicode.IsSpace(c)
	})
	return strings.Trim(strings.Join(words, " "), " .,;:*\"'`")
}

func (l *lint) counts(r *Dataset) {
	oneOf(l, "count_rule.cut", r.CountRule.Cut, append([]string{""}, Cuts...))
	for _, s := range ner.Splits {
		if n, _ := r.Table6.Count(s); n < 0 {
			l.fault("table6."+string(s), "%d: want a count", n)
		}
		if v, ok := r.CountRule.View[s]; ok {
			oneOf(l, "count_rule.view."+string(s), v, views)
		}
	}
	if r.Table6 == (Table6{}) {
		return // a custom dataset
	}
	oneOf(l, "count_rule.status", r.CountRule.Status, countStatus)
	oneOf(l, "count_rule.verified", r.CountRule.Verified, verification)
	for _, s := range ner.Splits {
		if _, ok := r.CountRule.View[s]; !ok {
			l.fault("count_rule.view."+string(s), "missing")
		}
	}
}

func (l *lint) sources(r *Dataset) {
	l.required("citation.key", r.Citation.Key)
	l.required("citation.text", r.Citation.Text)
	if r.Citation.BibTeX != "" {
		if _, err := r.Citation.reference(); err != nil {
			l.fault("citation.bibtex", "%v", err)
		}
	}
	if len(r.Sources) == 0 {
		l.fault("source", "missing: want at least one source of the files")
	}
	for i, s := range r.Sources {
		field := fmt.Sprintf("source[%d]", i)
		oneOf(l, field+".kind", s.Kind, SourceKinds)
		l.required(field+".where", s.Where)
	}
}

var sha256Pattern = regexp.MustCompile(`^[0-9a-f]{64}$`)

func (l *lint) sha256(field, sum string) {
	if !sha256Pattern.MatchString(sum) {
		l.fault(field, "%q: want 64 hexadecimal digits in lower case", sum)
	}
}

// pattern reports whether a path is a pattern for several files.
func pattern(p string) bool { return strings.ContainsAny(path.Base(p), `*?[\`) }

// LintedFile is the result of the lint of a file that defines a dataset.
type LintedFile struct {
	File    string   `json:"file"`
	Dataset string   `json:"dataset,omitempty"`
	Types   int      `json:"types"`
	Formats []string `json:"formats"`
	Faults  string   `json:"faults,omitempty"`
}

// LintFiles checks files that define a user's own datasets. bad is the number of files
// with faults.
func LintFiles(files []string) (list []LintedFile, bad int, err error) {
	benchmark, err := Embedded()
	if err != nil {
		return nil, 0, err
	}
	list = []LintedFile{}
	for _, file := range files {
		dataset, err := ReadFile(os.DirFS(filepath.Dir(file)), filepath.Base(file))
		if err == nil {
			if _, clash := Find(benchmark, dataset.ID); clash == nil {
				err = fmt.Errorf("%s: id: a dataset %s exists in the benchmark", filepath.Base(file), dataset.ID)
			}
		}
		if err != nil {
			bad++
			list = append(list, LintedFile{File: file, Formats: []string{}, Faults: err.Error()})
			continue
		}
		list = append(list, LintedFile{File: file, Dataset: dataset.ID, Types: len(dataset.Types()), Formats: dataset.Families})
	}
	return list, bad, nil
}
