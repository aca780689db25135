package export

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"nerbench/distill"
	"nerbench/ner"
)

// hub writes a dataset for the Hugging Face hub: conversations as in the set, and a card.
func hub(j *job) error {
	if err := lines(j, func(c *distill.Conversation) *distill.Conversation { return c }); err != nil {
		return err
	}
	for name, content := range j.files {
		delete(j.files, name)
		j.files["data/"+name] = content
	}
	card := &hubCard{build: &j.set.Build, options: j.options}
	if len(card.build.Sources) > 0 && (j.options.CorpusLicence == "" || j.options.TeacherLicence == "") {
		j.result.Notes = append(j.result.Notes, "a licence is not stated in the card: name it with --corpus-licence and --teacher-licence")
	}
	j.files["README.md"] = card.write(len(j.set.Dev) > 0)
	return nil
}

// hubCard is the card of a dataset.
type hubCard struct {
	build   *distill.Build
	options Options
	bytes.Buffer
}

// line writes a line of the card.
func (c *hubCard) line(format string, args ...any) { fmt.Fprintf(c, format+"\n", args...) }

// write returns the whole card.
func (c *hubCard) write(dev bool) []byte {
	c.line("---\nlanguage: en\nlicense: other\ntask_categories:\n- token-classification\ntags:\n- named-entity-recognition\n- distillation\n- universal-ner")
	c.line("configs:\n- config_name: default\n  data_files:\n  - split: train\n    path: data/train.jsonl")
	if dev {
		c.line("  - split: validation\n    path: data/dev.jsonl")
	}
	c.line("---\n\n# Training data for named entity recognition\n")
	n := c.build.Counts
	c.line("%s about %s, with %s, %d of them about types that are not in the passage. Each record has a passage and questions; a question has a type, and the entities of that type.",
		ner.Count(n.Conversations, "conversation"), ner.Count(n.Passages, "passage"), ner.Count(n.Questions, "question"), n.Negatives)
	c.licences()
	c.sources()
	c.settings()
	c.table1()
	c.decontamination()
	c.seen()
	return c.Bytes()
}

const notStated = "not stated"

func (c *hubCard) licences() {
	c.line("\n## Licences\n")
	c.line("| part | licence |\n|---|---|")
	if len(c.build.Sources) > 0 {
		c.line("| corpus: the passages | %s |", cell(cmp.Or(c.options.CorpusLicence, notStated)))
		c.line("| teacher: the entities and types | %s |", cell(cmp.Or(c.options.TeacherLicence, notStated)))
	}
	for _, m := range c.build.Mix {
		c.line("| dataset %s | %s |", cell(m.Dataset), cell(cmp.Or(m.Licence, notStated)))
	}
}

// sources describes the corpus and the teacher of each source, and what the filters did.
func (c *hubCard) sources() {
	for i, s := range c.build.Sources {
		if len(c.build.Sources) > 1 {
			c.line("\n## Source %d\n", i+1)
		} else {
			c.line("\n## Source\n")
		}
		c.line("| | |\n|---|---|")
		t, f, p := s.Corpus.Teacher, s.Corpus.Corpus, s.Corpus.Passages
		c.line("| teacher | %s |", cell(t.Model))
		c.line("| its digest | %s |", cell(cmp.Or(t.Digest, "unknown: the server reports none")))
		c.line("| its prompt | %s |", cell(t.Variant))
		c.line("| corpus | %s, %s, %s |", ner.Count(f.Files, "file"), ner.Count(int(f.Bytes), "byte"), ner.Count(f.Texts, "text"))
		c.line("| SHA-256 of the corpus | %s |", f.SHA256)
		c.line("| passages | %d of at most %d tokens (%s), seed %d |", p.Passages, p.Chunk, cell(p.Tokens), p.Seed)
		c.line("| passages kept | %d |", s.Passages)
		c.line("| SHA-256 of kept.jsonl | %s |", s.Kept)
		c.line("\n| filter | dropped |\n|---|---:|")
		if len(s.Dropped) == 0 {
			c.line("| none dropped anything | 0 |")
		}
		for _, why := range slices.Sorted(maps.Keys(s.Dropped)) {
			c.line("| %s | %d |", why, s.Dropped[why])
		}
	}
}

// settings are those of build.toml.
func (c *hubCard) settings() {
	s := c.build.Settings
	c.line("\n## Conversations\n\n| setting | value |\n|---|---|")
	for _, row := range [][2]string{
		{"negatives", s.Negatives}, {"ratio", strconv.FormatFloat(s.Ratio, 'g', -1, 64)}, {"guard", s.Guard}, {"order of questions", s.Order},
		{"unclosed lists", s.Unclosed}, {"entities that do not occur", s.Verbatim}, {"conflicts", s.Conflict},
		{"tokens of a conversation", fmt.Sprintf("at most %d (%s)", s.MaxTokens, s.Tokens)}, {"seed", strconv.Itoa(s.Seed)},
		{"prompts", "family uniner, variant " + s.Variant},
	} {
		c.line("| %s | %s |", row[0], cell(cmp.Or(row[1], "–")))
	}
}

// table1 is Table 1 of the paper for this data.
func (c *hubCard) table1() {
	t := c.build.Table1
	if t.Passages == 0 {
		return
	}
	c.line("\n## Table 1\n\n%d passages, %d entities, %d types.\n", t.Passages, t.Entities, t.Types)
	c.line("| types by frequency | types | share of entities | most frequent |\n|---|---:|---:|---|")
	for i, name := range []string{"first 1 %", "1 % to 10 %", "rest"} {
		r := t.Ranges[i]
		c.line("| %s | %d | %.0f %% | %s |", name, r.Types, 100*r.Share, cell(strings.Join(r.Top, ", ")))
	}
}

// decontamination says which test sets the passages were compared with.
func (c *hubCard) decontamination() {
	if len(c.build.Sources) == 0 {
		return
	}
	c.line("\n## Decontamination\n")
	for _, s := range c.build.Sources {
		if corpus := s.Corpus; corpus.Passages.Decontaminate == "off" {
			c.line("Off: passages may have sentences of the benchmark's test sets.")
		} else {
			c.line("%d of %d parts of the corpus were removed, because they share words with a test set of %s (test sets compared: %d).",
				corpus.Removed.Contaminated, corpus.Removed.Parts, cell(corpus.Passages.Decontaminate), len(corpus.Tests))
		}
	}
}

// seen lists the datasets of the benchmark in the data.
func (c *hubCard) seen() {
	c.line("\n## Datasets seen\n")
	if len(c.build.Seen) == 0 {
		c.line("None: the train split of no dataset of the benchmark is in the data.")
		return
	}
	c.line("The train splits of these datasets of the benchmark are in the data. A model that was trained on it has seen them:\n")
	for _, id := range c.build.Seen {
		c.line("- %s", id)
	}
}

// cell makes a text one cell of a table.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "\r", " ", "<", "&lt;").Replace(text)
}
