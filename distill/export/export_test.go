package export

import (
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"nerbench/distill"
	"nerbench/internal/jsonl"
	"nerbench/ner"
)

var update = flag.Bool("update", false, "write the golden files")

// inventedSet has what forms must keep: other scripts, quotes, blanks, a passage in two
// conversations, a dataset line, and a passage with negatives only.
func inventedSet() *distill.Set {
	type q = distill.Question
	split := "Zoë Quill, \"the 2nd\", met Ümit in Port-Varna.\nIt rained; Zoë's dog ran 😀."
	return &distill.Set{
		Build: distill.Build{
			Settings: distill.Settings{
				Negatives: "frequency", Ratio: 1, Guard: "surface", Order: "shuffled", Unclosed: "drop", Verbatim: "drop", Conflict: "keep",
				MaxTokens: 1024, Tokens: "words", Dev: 0.25, Seed: 7, Suite: "supervised", Cap: 10, Variant: "repo+nl",
			},
			Counts: distill.Counts{Passages: 4, Conversations: 5, Questions: 9, Negatives: 4, Split: 1},
			Seen:   []string{"ncbi"},
			Table1: distill.Statistics(map[string]int{"person": 3, "town": 1, "animal": 1}, 3),
			Sources: []distill.Source{{
				Dir: "made", Kept: strings.Repeat("ab", 32), Passages: 3, Dropped: map[distill.Reason]int{distill.Unparseable: 1, distill.Echo: 2},
				Corpus: distill.Corpus{
					Corpus:   distill.CorpusFiles{Files: 1, Bytes: 120, SHA256: strings.Repeat("01", 32), Texts: 3, Field: "text", ID: "id"},
					Passages: distill.Sample{Passages: 4, SHA256: strings.Repeat("02", 32), Tokens: "words", Chunk: 256, Size: 50000, Decontaminate: "full49"},
					Removed:  distill.Removed{Parts: 9, Blank: 1, Contaminated: 2, Repeated: 2},
					Teacher:  distill.Teacher{Model: "ollama/teacher", Digest: strings.Repeat("03", 32), Server: "ollama", Variant: "type", Run: "r1"},
					Tests:    []distill.TestSet{{Dataset: "ncbi", Data: "f1"}},
				},
			}},
			Mix: []distill.Mixed{{Dataset: "ncbi", Name: "NCBI", Fingerprint: "f0", Documents: 20, Taken: 1, Licence: "public domain"}},
		},
		Train: []distill.Conversation{
			{ID: "a/0", Text: split, Source: "letters", Questions: []q{
				{Type: "person", Answers: []string{"Zoë Quill", "Ümit"}}, {Type: "river", Answers: []string{}, Negative: true}, {Type: "town", Answers: []string{"Port-Varna"}},
			}},
			{ID: "a/0", Text: split, Source: "letters", Questions: []q{{Type: "animal \"pet\"", Answers: []string{"dog", "do"}}, {Type: "law", Answers: []string{}, Negative: true}}},
			{ID: "b/0", Text: " Nobody came to Essa. ", Source: "letters", Questions: []q{{Type: "person", Answers: []string{}, Negative: true}}},
			{ID: "ncbi/train/3", Text: "Old sores heal .", Dataset: "NCBI", Questions: []q{{Type: "disease", Answers: []string{"sores"}}, {Type: "gene", Answers: []string{}, Negative: true}}},
		},
		Dev: []distill.Conversation{{ID: "c/0", Text: "Ada left.", Source: "letters", Questions: []q{{Type: "person", Answers: []string{"Ada"}}}}},
	}
}

// TestExport compares the files of each target with golden ones.
func TestExport(t *testing.T) {
	for _, target := range Targets {
		t.Run(target.Name, func(t *testing.T) {
			dir := t.TempDir()
			golden := filepath.Join("testdata", target.Name)
			if *update {
				if err := os.RemoveAll(golden); err != nil {
					t.Fatal(err)
				}
				dir = golden
			}
			options := Options{CorpusLicence: "CC0-1.0", TeacherLicence: "Apache-2.0"}
			got, err := Write(inventedSet(), target.Name, dir, options)
			if err != nil {
				t.Fatal(err)
			}
			want := filesIn(t, golden)
			if found := filesIn(t, dir); !maps.Equal(found, want) {
				for name := range want {
					if found[name] != want[name] {
						t.Errorf("%s is\n%s\nwant\n%s", name, found[name], want[name])
					}
				}
			}
			if names := slices.Sorted(maps.Keys(want)); !slices.Equal(got.Files, names) {
				t.Errorf("result names %q, want %q", got.Files, names)
			}
			if again, err := Write(inventedSet(), target.Name, dir, options); err != nil || !reflect.DeepEqual(again, got) {
				t.Errorf("again: %+v, %v", again, err)
			}
		})
	}
}

// filesIn reads the files below a folder.
func filesIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		found[filepath.ToSlash(name)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestRoundTrip reads the files of each target back into conversations.
func TestRoundTrip(t *testing.T) {
	for name, parse := range map[string]func(t *testing.T, record []byte) distill.Conversation{
		"trl": parseMessages, "unsloth": parseMessages, "axolotl": parseMessages, "openai": parseMessages, "fastchat": parseShared, "llamafactory": parseText,
		"gliner": parseGLiNER, "hf": parseOwn,
	} {
		t.Run(name, func(t *testing.T) {
			set := inventedSet()
			dir := t.TempDir()
			if _, err := Write(set, name, dir, Options{}); err != nil {
				t.Fatal(err)
			}
			for part, list := range map[string][]distill.Conversation{"train": set.Train, "dev": set.Dev} {
				if name == "gliner" {
					list = joinParts(list)
				}
				records := recordsIn(t, dir, part)
				if len(records) != len(list) {
					t.Fatalf("%s: %d records, want %d", part, len(records), len(list))
				}
				for i, r := range records {
					if got, want := parse(t, r), expected(name, list[i]); !reflect.DeepEqual(got, want) {
						t.Errorf("%s %d is\n%+v\nwant\n%+v", part, i, got, want)
					}
				}
			}
		})
	}
}

// expected is a conversation without what a target does not write.
func expected(target string, c distill.Conversation) distill.Conversation {
	if target == "hf" {
		return c
	}
	c.Source = ""
	if target == "openai" {
		c.ID = ""
	}
	if target == "gliner" { // the words alone; "do" is no word of its passage
		c = distill.Conversation{Text: strings.Join(strings.Fields(c.Text), ""), Questions: slices.Clone(c.Questions)}
		for i, q := range c.Questions {
			q.Answers = slices.DeleteFunc(slices.Clone(q.Answers), func(a string) bool { return a == "do" })
			for k, a := range q.Answers {
				q.Answers[k] = strings.ReplaceAll(a, " ", "")
			}
			c.Questions[i] = q
		}
		slices.SortFunc(c.Questions, func(a, b distill.Question) int { return strings.Compare(a.Type, b.Type) })
	}
	return c
}

// recordsIn reads the records of a part of an export, from lines or from an array.
func recordsIn(t *testing.T, dir, part string) (records []json.RawMessage) {
	t.Helper()
	for _, name := range []string{part + ".json", part + ".jsonl", "data/" + part + ".jsonl"} {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			continue
		}
		defer f.Close()
		if strings.HasSuffix(name, ".json") {
			err = json.NewDecoder(f).Decode(&records)
		} else {
			err = jsonl.Read(f, func(_ int, line []byte) error {
				records = append(records, slices.Clone(line))
				return nil
			})
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return records
	}
	t.Fatalf("no file of %s", part)
	return nil
}

func decode(t *testing.T, record []byte, v any) {
	t.Helper()
	if err := json.Unmarshal(record, v); err != nil {
		t.Fatalf("%v\n%s", err, record)
	}
}

func parseOwn(t *testing.T, record []byte) (c distill.Conversation) {
	decode(t, record, &c)
	return c
}

// parseMessages reads messages, and checks the marks of what is trained.
func parseMessages(t *testing.T, record []byte) distill.Conversation {
	var r struct {
		ID       string
		Messages []struct {
			Role, Content string
			Train         *bool
			Weight        *int
		}
	}
	decode(t, record, &r)
	var texts []string
	for i, m := range r.Messages {
		answer := i > 2 && i%2 == 0
		if m.Train != nil && *m.Train != answer || m.Weight != nil && (*m.Weight != 0 || i != 2) {
			t.Errorf("message %d of %s: marked as %v, %v", i, r.ID, m.Train, m.Weight)
		}
		if want := []string{"assistant", "user"}[i%2]; i > 0 && m.Role != want {
			t.Errorf("message %d of %s: role %s, want %s", i, r.ID, m.Role, want)
		}
		texts = append(texts, m.Content)
	}
	c := fromTurns(t, texts[1:])
	c.ID = r.ID
	return c
}

func parseShared(t *testing.T, record []byte) distill.Conversation {
	var r distill.SharedConversation
	decode(t, record, &r)
	var texts []string
	for _, turn := range r.Conversations {
		texts = append(texts, turn.Value)
	}
	c := fromTurns(t, texts)
	c.ID = r.ID
	return c
}

// parseText reads turns that have the whole text.
func parseText(t *testing.T, record []byte) distill.Conversation {
	var r llamaRecord
	decode(t, record, &r)
	text := ""
	for _, turn := range r.Conversations {
		text += turn.Value
	}
	rest, ok := strings.CutPrefix(text, "A virtual assistant answers questions from a user based on the provided text. ")
	if !ok {
		t.Fatalf("no system line: %q", text)
	}
	var texts []string
	for _, both := range strings.Split(strings.TrimSuffix(rest, "</s>"), "</s>") {
		human, answer, _ := strings.Cut(strings.TrimPrefix(both, "USER: "), " ASSISTANT: ")
		texts = append(texts, human, answer)
	}
	c := fromTurns(t, texts)
	c.ID = r.ID
	return c
}

var question = regexp.MustCompile(`^What describes (.*) in the text\?$`)

// fromTurns reads a conversation from its turns.
func fromTurns(t *testing.T, texts []string) (c distill.Conversation) {
	t.Helper()
	if texts[1] != read {
		t.Errorf("second turn is %q", texts[1])
	}
	first := texts[0]
	if rest, ok := strings.CutPrefix(first, "Dataset: "); ok {
		c.Dataset, first, _ = strings.Cut(rest, "\n")
	}
	c.Text = strings.TrimPrefix(first, "Text: ")
	for i := 2; i < len(texts); i += 2 {
		var q distill.Question
		decode(t, []byte(texts[i+1]), &q.Answers)
		q.Type, q.Negative = question.FindStringSubmatch(texts[i])[1], len(q.Answers) == 0
		c.Questions = append(c.Questions, q)
	}
	return c
}

// parseGLiNER joins words, because the blanks between them are lost.
func parseGLiNER(t *testing.T, record []byte) (c distill.Conversation) {
	var r struct {
		Words     []string `json:"tokenized_text"`
		Spans     [][]any  `json:"ner"`
		Negatives []string `json:"ner_negatives"`
	}
	decode(t, record, &r)
	c.Text = strings.Join(r.Words, "")
	answers := map[string][]string{}
	for _, s := range r.Spans {
		first, last := int(s[0].(float64)), int(s[1].(float64))
		answers[s[2].(string)] = append(answers[s[2].(string)], strings.Join(r.Words[first:last+1], ""))
	}
	for _, name := range slices.Sorted(maps.Keys(answers)) {
		c.Questions = append(c.Questions, distill.Question{Type: name, Answers: answers[name]})
	}
	for _, name := range r.Negatives {
		c.Questions = append(c.Questions, distill.Question{Type: name, Answers: []string{}, Negative: true})
	}
	slices.SortFunc(c.Questions, func(a, b distill.Question) int { return strings.Compare(a.Type, b.Type) })
	return c
}

func TestGLiNERWords(t *testing.T) {
	for text, want := range map[string][]string{
		"":                    nil,
		" \x1c\u00a0 ":        nil,
		"Ada's well-known e-": {"Ada", "'", "s", "well-known", "e", "-"},
		"a--b -c x_y 3.14 ½":  {"a", "-", "-", "b", "-", "c", "x_y", "3", ".", "14", "½"},
		"Zoë😀ran":             {"Zoë", "😀", "ran"},
		"e\u0301t":            {"e", "\u0301", "t"}, // a combining mark is no letter
		"東京に":                 {"東京に"},
	} {
		var got []string
		for _, w := range glinerWords(text) {
			got = append(got, text[w.Start:w.End])
		}
		if !slices.Equal(got, want) {
			t.Errorf("words of %q are %q, want %q", text, got, want)
		}
	}
}

// FuzzGLiNERWords: words cover all but blanks, in order.
func FuzzGLiNERWords(f *testing.F) {
	f.Add("Ada's well-known e- ½ \xff")
	f.Fuzz(func(t *testing.T, text string) {
		last := 0
		for _, w := range append(glinerWords(text), ner.Range{Start: len(text), End: len(text)}) {
			if w.Start < last || strings.TrimFunc(text[last:w.Start], isBlank) != "" {
				t.Fatalf("word at %d of %q: after %d", w.Start, text, last)
			}
			last = w.End
		}
	})
}

func TestWriteRefuses(t *testing.T) {
	set := inventedSet()
	dir := t.TempDir()
	if _, err := Write(set, "trl", dir, Options{}); err != nil {
		t.Fatal(err)
	}
	set.Train[0].Text = "Another text."
	before := filesIn(t, dir)
	if _, err := Write(set, "trl", dir, Options{}); err == nil || !strings.Contains(err.Error(), "train.jsonl exists, and differs") {
		t.Errorf("other data: %v", err)
	}
	if !maps.Equal(filesIn(t, dir), before) {
		t.Error("files changed")
	}
	if _, err := Write(set, "tlr", t.TempDir(), Options{}); err == nil || !strings.Contains(err.Error(), `did you mean "trl"`) {
		t.Errorf("unknown target: %v", err)
	}
	if _, err := Write(&distill.Set{}, "trl", t.TempDir(), Options{}); err == nil {
		t.Error("no conversation: no error")
	}
	set.Build.Settings.Variant = "card"
	if _, err := Write(set, "trl", t.TempDir(), Options{}); err == nil || !strings.Contains(err.Error(), "variant card") {
		t.Errorf("variant card: %v", err)
	}
}

// TestWithoutDev has no file and no setting for evaluation.
func TestWithoutDev(t *testing.T) {
	for _, target := range Targets {
		set := inventedSet()
		set.Dev = nil
		dir := t.TempDir()
		if _, err := Write(set, target.Name, dir, Options{}); err != nil {
			t.Fatal(err)
		}
		for name, text := range filesIn(t, dir) {
			if strings.Contains(name, "dev.") || strings.Contains(text, "dev.json") {
				t.Errorf("%s: %s is about evaluation:\n%s", target.Name, name, text)
			}
		}
	}
}
