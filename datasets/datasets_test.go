package datasets

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"nerbench/ner"
)

func embeddedDatasets(t *testing.T) []*Dataset {
	t.Helper()
	ds, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	return ds
}

func TestEmbeddedDatasets(t *testing.T) {
	entries, err := embedded.ReadDir("benchmark")
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 49 {
		t.Errorf("%d datasets, want the 49 of Table 6", len(entries))
	}
	for _, e := range entries {
		t.Run(strings.TrimSuffix(e.Name(), ".toml"), func(t *testing.T) {
			r := &Dataset{File: e.Name()}
			if err := decode(embedded, "benchmark/"+e.Name(), r); err != nil {
				t.Fatal(err)
			}
			for _, fault := range Lint(r) {
				t.Error(fault)
			}
			if _, err := r.Set(""); err != nil {
				t.Error(err)
			}
			if n := len(r.Types()); n < r.Table6.Types {
				t.Errorf("%d types, Table 6 has %d", n, r.Table6.Types)
			}
		})
	}
}

// The text rules of the benchmark are explicit, and follow the licences. A dataset
// without a rule may not be shown.
func TestTextRules(t *testing.T) {
	want := map[TextRule][]string{
		PublishText: {
			"anatem", "bc2gm", "bc5cdr", "crossner-ai", "crossner-literature", "crossner-music", "crossner-politics", "crossner-science",
			"fewnerd-coarse", "fewnerd-fine", "mapa-coarse", "mapa-fine", "ncbi", "sofc", "somesci", "stackoverflow-ner", "tasteset", "wlp",
		},
		NonCommercialText: {"finer-ord", "multinerd", "wikiann-en", "wikineural"},
	}
	for _, r := range embeddedDatasets(t) {
		raw := &Dataset{}
		if err := decode(embedded, "benchmark/"+r.ID+".toml", raw); err != nil || raw.Text == "" {
			t.Errorf("dataset %s: text: missing (%v)", r.ID, err)
		}
		publish, some := slices.Contains(want[PublishText], r.ID), slices.Contains(want[NonCommercialText], r.ID)
		if got := r.MayShow(PublishText); got != publish {
			t.Errorf("dataset %s: MayShow(publish) = %v", r.ID, got)
		}
		if got := r.MayShow(NonCommercialText); got != (publish || some) {
			t.Errorf("dataset %s: MayShow(noncommercial) = %v", r.ID, got)
		}
		if r.MayShow(NeverText) || r.MayShow("") {
			t.Errorf("dataset %s: may be shown for no use", r.ID)
		}
	}
	if own := valid(nil); own.MayShow(PublishText) || own.MayShow(NonCommercialText) {
		t.Error("a dataset without a text rule may be shown")
	}
	source, err := embedded.ReadFile("benchmark/ncbi.toml")
	if err != nil {
		t.Fatal(err)
	}
	own, err := ReadFile(fstest.MapFS{"ncbi.toml": {Data: []byte(strings.Replace(string(source), "text = \"publish\"\n", "", 1))}}, "ncbi.toml")
	if err != nil || own.Text != NeverText {
		t.Errorf("a file without a text rule: %q, %v, want %q", own.Text, err, NeverText)
	}
}

// The paper counts 43 datasets, since several rows of Table 6 share a corpus.
func TestCorpora(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range embeddedDatasets(t) {
		seen[r.Corpus] = true
	}
	if len(seen) != 43 {
		t.Errorf("%d corpora, want 43", len(seen))
	}
}

func TestSuites(t *testing.T) {
	ds := embeddedDatasets(t)
	suites, err := Suites()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"full49": 49, "paper43": 49, "crossner-mit": 7, "supervised": 42, "supervised20": 20, "table3": 7}
	for _, r := range ds {
		if r.Access == "open" || r.Access == "non-commercial" {
			want["open"]++
		}
	}
	for _, d := range Domains {
		n := 0
		for _, r := range ds {
			if r.Domain == d {
				n++
			}
		}
		want[d] = n
	}
	for _, s := range suites {
		t.Run(s.Name, func(t *testing.T) {
			n, ok := want[s.Name]
			delete(want, s.Name)
			if !ok || len(s.Datasets) != n {
				t.Errorf("%d datasets, want %d", len(s.Datasets), n)
			}
			if s.Title == "" {
				t.Error("title: missing")
			}
			selected, err := s.Select(ds)
			if err != nil {
				t.Fatal(err)
			}
			for i, r := range selected {
				if r.ID != s.Datasets[i] || slices.Index(s.Datasets, r.ID) != i {
					t.Errorf("dataset %d: %s, want %s once", i, r.ID, s.Datasets[i])
				}
				if s.Name == "open" && (r.Access == "agreement" || r.Access == "paid") {
					t.Errorf("dataset %s: requires an agreement or a payment (%s)", r.ID, r.Access)
				}
				if slices.Contains(Domains, s.Name) && r.Domain != s.Name {
					t.Errorf("dataset %s: has the domain %s", r.ID, r.Domain)
				}
			}
		})
	}
	for name := range want {
		t.Errorf("suite %s: missing", name)
	}
	if _, err := FindSuite("nosuch"); err == nil || !strings.Contains(err.Error(), "full49") {
		t.Errorf("FindSuite(nosuch): error %v, want one that lists the suites", err)
	}
}

func TestTypesAreInListedOrder(t *testing.T) {
	r := Dataset{Labels: []Label{{Native: "B", Type: "b"}, {Native: "X", Drop: true}, {Native: "A", Type: "a"}, {Native: "B2", Type: "b"}}}
	if got, want := r.Types(), []ner.EntityType{"b", "a"}; !slices.Equal(got, want) {
		t.Errorf("Types() = %q, want %q", got, want)
	}
}

func TestLabelsHashDependsOnTheMap(t *testing.T) {
	base := valid(nil)
	seen := map[string]string{base.LabelsHash(): "the same dataset"}
	for name, change := range map[string]func(*Dataset){
		"another type":   func(r *Dataset) { r.Labels[0].Type = "human" },
		"another native": func(r *Dataset) { r.Labels[0].Native = "HUM" },
		"dropped":        func(r *Dataset) { r.Labels[2] = Label{Native: "MISC", Type: "rest"} },
		"another order":  func(r *Dataset) { r.Labels[0], r.Labels[1] = r.Labels[1], r.Labels[0] },
		"another rule":   func(r *Dataset) { r.LabelRule = BeforeHyphen },
	} {
		h := valid(change).LabelsHash()
		if other, ok := seen[h]; ok {
			t.Errorf("%s: hash %s equals that of %s", name, h, other)
		}
		seen[h] = name
	}
	if valid(func(r *Dataset) { r.Notes = "x" }).LabelsHash() != base.LabelsHash() {
		t.Error("the hash depends on the notes")
	}
}

// All faults of all files are reported, with their lines.
func TestReadReportsAllFaults(t *testing.T) {
	fsys := fstest.MapFS{
		"a.toml": {Data: []byte("id = \"a\"\ntitel = \"x\"\nlabels = [\n  { native = \"P\", type = \"p\", colour = \"red\" },\n]\n[[set]]\nname = \"s\"\n[[set.split]]\nname = \"test\"\nfile = \"x\"\n")},
		"b.toml": {Data: []byte("id = \"b\"\ntitle = = 3\n")},
		"c.toml": {Data: []byte("id = \"c\"\ntitle = 3\n")},
	}
	_, err := Read(fsys)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		`a.toml:2: key "titel": unknown`,
		`a.toml:4: key "labels.colour": unknown`,
		`a.toml:10: key "set.split.file": unknown`,
		`b.toml:2: `,
		`c.toml`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error does not contain %q:\n%v", want, err)
		}
	}
}

func TestReadLints(t *testing.T) {
	_, err := Read(fstest.MapFS{"x.toml": {Data: []byte("id = \"x\"\n")}})
	for _, want := range []string{"x.toml: title: missing", "x.toml: domain: ", "x.toml: labels: ", "x.toml: set: "} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error does not contain %q:\n%v", want, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	data, err := embedded.ReadFile("benchmark/jnlpba.toml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte("id = \"x\"\nlabels = [{ native = \"A\", type = \"a\" }]\n[conll]\nseparator = \"tab\"\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		ds, err := Read(fstest.MapFS{"x.toml": {Data: data}})
		if (err == nil) != (len(ds) == 1) {
			t.Errorf("%d datasets, error %v", len(ds), err)
		}
	})
}

// valid is a dataset without faults, with one change.
func valid(change func(*Dataset)) *Dataset {
	r := &Dataset{
		ID: "own", Title: "Own", Corpus: "own", Domain: "law", DataDir: "own", Families: []string{"conll"},
		Overlap: "flat", Access: "open", Licence: "CC0", File: "own.toml",
		Labels:   []Label{{Native: "PER", Type: "person"}, {Native: "LOC", Type: "location"}, {Native: "MISC", Drop: true}},
		Citation: Citation{Key: "own2026", Text: "Own, 2026"},
		Sources:  []Source{{Kind: "url", Where: "https://example.org/own"}},
		Conll:    &Conll{Separator: "tab", TokenColumn: 0, TagColumn: 1, Scheme: "iob2"},
		Sets: []Set{{Name: "own", Family: "conll", Primary: true, Splits: []Part{{
			Name: "test", Files: []File{{Path: "test.txt", SHA256: strings.Repeat("0", 64)}},
			Lock: &Lock{Documents: 1, Spans: 1, ByType: map[ner.EntityType]int{"person": 1},
				TextsSHA256: strings.Repeat("0", 64), SpansSHA256: strings.Repeat("f", 64)},
		}}}},
	}
	if change != nil {
		change(r)
	}
	return r
}

// asDocuments makes the set one of the family documents.
func asDocuments(r *Dataset, f *Fields) {
	r.Families, r.Conll = []string{"documents"}, nil
	r.Sets[0].Family, r.Sets[0].Fields = "documents", f
}

func TestLint(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*Dataset)
		want   []string // beginning of each fault
	}{
		{"valid", nil, nil},
		{"two at once", func(r *Dataset) { r.Title, r.Domain = "", "Sports" }, []string{"title: missing", `domain: "Sports"`}},
		{"id", func(r *Dataset) { r.ID, r.File = "Own_Row", "" }, []string{`id: "Own_Row"`}},
		{"id differs from the file name", func(r *Dataset) { r.ID = "other" }, []string{`id: "other": want the name of the file`}},
		{"text: another word", func(r *Dataset) { r.Text = "yes" }, []string{`text: "yes" is not one of`}},
		{"text published", func(r *Dataset) { r.Text = PublishText }, nil},
		{"text behind an agreement", func(r *Dataset) { r.Access, r.Text = "agreement", NeverText }, nil},
		{"text behind an agreement, published", func(r *Dataset) { r.Access, r.Text = "agreement", PublishText }, []string{`text: "publish": want "never"`}},
		{"text behind an agreement, for some use", func(r *Dataset) { r.Access, r.Text = "agreement", NonCommercialText }, []string{`text: "noncommercial": want "never"`}},
		{"text behind a payment, published", func(r *Dataset) { r.Access, r.Text = "paid", PublishText }, []string{`text: "publish": want "never"`}},
		{"text for non-commercial use", func(r *Dataset) { r.Access, r.Text = "non-commercial", NonCommercialText }, nil},
		{"text for non-commercial use, published", func(r *Dataset) { r.Access, r.Text = "non-commercial", PublishText }, []string{`text: "publish": want "noncommercial" or "never"`}},
		{"folder with ..", func(r *Dataset) { r.DataDir = "../x" }, []string{`data_dir: "../x"`}},
		{"folder that is a device", func(r *Dataset) { r.DataDir = "mini/nul" }, []string{`data_dir: "mini/nul": refused: not a usable file name: Windows reserves it for a device`}},
		{"folder with a control character", func(r *Dataset) { r.DataDir = "a\x1bb" }, []string{"data_dir: \"a\\x1bb\": refused: not a usable file name: it has a control character"}},
		{"id that is a device", func(r *Dataset) { r.ID, r.File = "con", "con.toml" }, []string{`id: "con": refused: not a usable file name`}},
		{"folder missing", func(r *Dataset) { r.DataDir = "" }, []string{"data_dir: missing"}},
		{"names with equal folded form", func(r *Dataset) { r.Labels[1].Type = "Person" }, []string{`labels[1].type: "Person" and "person" have the same folded form`}},
		{"names that differ in a hyphen", func(r *Dataset) {
			r.Labels[1].Type = "per-son"
			r.Labels[0].Type = "per son"
			r.Sets[0].Splits[0].Lock = nil
		}, []string{"labels[1].type: "}},
		{"same name twice is valid", func(r *Dataset) { r.Labels[1].Type = "person" }, nil},
		{"native twice", func(r *Dataset) { r.Labels[1].Native = "PER" }, []string{`labels[1].native: "PER"`}},
		{"type missing", func(r *Dataset) { r.Labels[1].Type = "" }, []string{"labels[1].type: missing"}},
		{"dropped with a type", func(r *Dataset) { r.Labels[2].Type = "x" }, []string{"labels[2]: "}},
		{"no labels", func(r *Dataset) { r.Labels = nil; r.Sets[0].Splits[0].Lock = nil }, []string{"labels: "}},
		{"suffixes without rule", func(r *Dataset) { r.LabelSuffixes = []string{"_x"} }, []string{"label_suffixes: "}},
		{"family unknown", func(r *Dataset) { r.Families = []string{"conll", "xyz"} }, []string{"families[1]: "}},
		{"files without family", func(r *Dataset) { r.Sets[0].Family = ""; r.Conll = nil }, []string{"set own: family: missing"}},
		{"family not listed", func(r *Dataset) { r.Sets[0].Family = "brat"; r.Conll = nil }, []string{"set own: family: "}},
		{"conll missing", func(r *Dataset) { r.Conll = nil }, []string{"conll: missing"}},
		{"conll words", func(r *Dataset) { r.Conll.Separator, r.Conll.Scheme = "comma", "iob" }, []string{"conll.separator: ", "conll.scheme: "}},
		{"conll columns equal", func(r *Dataset) { r.Conll.TagColumn = 0 }, []string{"conll: token_column 0"}},
		{"conll columns too few", func(r *Dataset) { r.Conll.Columns = 1 }, []string{"conll.columns: "}},
		{"conll empty prefix", func(r *Dataset) { r.Conll.SkipPrefix = []string{""} }, []string{"conll.skip_prefix: "}},
		{"conll empty group", func(r *Dataset) { r.Conll.LeaveOut = [][]string{{}} }, []string{"conll.leave_out[0]: "}},
		{"no primary set", func(r *Dataset) { r.Sets[0].Primary = false }, []string{"set: 0 sets"}},
		{"no split", func(r *Dataset) { r.Sets[0].Splits = nil }, []string{"set own: has no split"}},
		{"no files", func(r *Dataset) { r.Sets[0].Splits[0].Files = nil }, []string{"set own: split test: want files", "set own: split test: lock: "}},
		{"sha256", func(r *Dataset) { r.Sets[0].Splits[0].Files[0].SHA256 = "ABC" }, []string{"set own: split test: files[0].sha256: "}},
		{"path with ..", func(r *Dataset) { r.Sets[0].Splits[0].Files[0].Also = []string{"/etc/passwd"} }, []string{"set own: split test: files[0].path: "}},
		{"counts that do not add up", func(r *Dataset) { r.Sets[0].Splits[0].Lock.Spans = 2 }, []string{"set own: split test: lock.by_type: sums to 1"}},
		{"counts of an unknown type", func(r *Dataset) { r.Sets[0].Splits[0].Lock.ByType = map[ner.EntityType]int{"x": 1} }, []string{"set own: split test: lock.by_type: \"x\""}},
		{"table 6 without a rule", func(r *Dataset) { r.Table6.Test = 1 }, []string{"count_rule.status: ", "count_rule.verified: ", "count_rule.view.train: missing", "count_rule.view.dev: missing", "count_rule.view.test: missing"}},
		{"custom domain", func(r *Dataset) { r.Domain = "sports" }, nil},
		{"fields missing", func(r *Dataset) { r.Families = []string{"csv-tokens"}; r.Sets[0].Family = "csv-tokens"; r.Conll = nil }, []string{"set own: fields: missing"}},
		{"fields of another family", func(r *Dataset) { r.Sets[0].Fields = &Fields{Tokens: "x"} }, []string{"set own: fields.tokens: is not used"}},
		{"documents without fields", func(r *Dataset) { asDocuments(r, nil) }, nil},
		{"preset", func(r *Dataset) { asDocuments(r, &Fields{Preset: "doccano"}) }, nil},
		{"preset and a field", func(r *Dataset) { asDocuments(r, &Fields{Preset: "label-studio", Text: "data.review"}) }, nil},
		{"unknown preset", func(r *Dataset) { asDocuments(r, &Fields{Preset: "word"}) },
			[]string{`set own: fields.preset: "word" is not one of`, "set own: fields: want text, or tokens", "set own: fields: want mentions, or tags"}},
		{"mentions without places", func(r *Dataset) { asDocuments(r, &Fields{Text: "t", Mentions: "m", Start: "0"}) }, []string{"set own: fields: want start, end and label with mentions"}},
		{"tags without tokens", func(r *Dataset) { asDocuments(r, &Fields{Text: "t", Tags: "m"}) }, []string{"set own: fields: want tokens with tags"}},
		{"unit of offsets", func(r *Dataset) { asDocuments(r, &Fields{Preset: "spacy", Offsets: "characters"}) }, []string{`set own: fields.offsets: "characters" is not one of`}},
		{"sentence without tokens", func(r *Dataset) { asDocuments(r, &Fields{Preset: "spacy", Sentence: "s"}) }, []string{"set own: fields.sentence: "}},
		{"offsets in tokens without tokens", func(r *Dataset) { asDocuments(r, &Fields{Preset: "doccano", Offsets: "tokens"}) }, []string{"set own: fields: want tokens with offsets in tokens"}},
		{"inclusive", func(r *Dataset) { asDocuments(r, &Fields{Preset: "doccano", Inclusive: "true"}) }, []string{`set own: fields.inclusive: "true" is not one of`}},
		{"separator of CSV", func(r *Dataset) {
			r.Families, r.Conll = []string{"csv-tokens"}, nil
			r.Sets[0].Family, r.Sets[0].Fields = "csv-tokens", &Fields{Tokens: "a", Tags: "b", Separator: ";"}
		}, []string{`set own: fields.separator: ";" is not one of`}},
		{"columns of a set", func(r *Dataset) { r.Sets[0].Conll, r.Conll = r.Conll, nil }, nil},
		{"columns of a set, wrong", func(r *Dataset) { r.Sets[0].Conll = &Conll{Separator: "tab", Scheme: "x", TagColumn: 1} }, []string{"set own: conll.scheme: "}},
		{"columns of a set of another family", func(r *Dataset) { asDocuments(r, nil); r.Sets[0].Conll = &Conll{} }, []string{"set own: conll: is not used in the family documents"}},
		{"marks of layers", func(r *Dataset) {
			r.Families, r.Conll = []string{"conll-layered"}, nil
			r.Sets[0].Family, r.Sets[0].Conll = "conll-layered", &Conll{SkipPrefix: []string{"#"}}
		}, nil},
		{"scheme of layers", func(r *Dataset) {
			r.Families, r.Conll = []string{"conll-layered"}, nil
			r.Sets[0].Family, r.Sets[0].Conll = "conll-layered", &Conll{SkipPrefix: []string{"#"}, Scheme: "io"}
		}, []string{"set own: conll: the family conll-layered uses only skip_prefix"}},
		{"positions", func(r *Dataset) { r.Sets[0].Splits[0].First, r.Sets[0].Splits[0].End = 3, 2 }, []string{"set own: split test: first 3, end 2"}},
		{"cut", func(r *Dataset) { r.CountRule.Cut = "words" }, []string{`count_rule.cut: "words"`}},
		{"no source", func(r *Dataset) { r.Sources = nil }, []string{"source: missing"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			faults := Lint(valid(tc.change))
			if len(faults) != len(tc.want) {
				t.Fatalf("%d faults, want %d: %v", len(faults), len(tc.want), errors.Join(faults...))
			}
			for i, want := range tc.want {
				if !strings.HasPrefix(faults[i].Error(), want) {
					t.Errorf("fault %q, want %q", faults[i], want)
				}
			}
		})
	}
}
