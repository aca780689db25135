package main

import (
	"regexp"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/datasets"
	"nerbench/harness"
	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/prompts"
	"nerbench/runners/cards"
	"nerbench/runners/open"
	"nerbench/sweeps"
)

// placeholders lists the values of what stands in capital letters in usage lines, as
// far as they are a closed list that the program has in itself.
var placeholders = map[string]func() []candidate{
	"DATASET": datasetNames,
	"SUITE":   suiteNames,
	"DOMAIN":  func() []candidate { return named(datasets.Domains) },
	"FAMILY":  familyNames,
	"CARD":    func() []candidate { return cardNames(func(cards.Card) bool { return true }) },
	"MODEL":   modelNames,
	"KEY":     func() []candidate { return named(tableKeys()) },
	"ITEM":    func() []candidate { return named(paperNames()) },
	"PLAN":    func() []candidate { return named(sweeps.Names()) },
	"FILE":    func() []candidate { return []candidate{{word: fileNames}} },
	"PATH":    func() []candidate { return []candidate{{word: fileNames}} },
	"DIR":     func() []candidate { return []candidate{{word: folderNames}} },
}

// flagValues lists the values of a flag, of which the word is the beginning.
func (c *call) flagValues(f cli.Flag, word string) []candidate {
	usage := f.(cli.DocGenerationFlag).GetUsage()
	switch f.Names()[0] {
	case "metric":
		return inList(metricNames(strings.Contains(usage, "or all")), word)
	case "set":
		if strings.Contains(usage, "`KEY=VALUE`") {
			return pairs(ner.KeyNames(ner.Settable), word)
		}
	case "where":
		return pairs(ner.KeyNames(), word)
	case "variant":
		return variantNames(c.family)
	case "max-connections":
		return named([]string{"auto"})
	case "by":
		values := []string{"type", "none"}
		for _, a := range metrics.Attributes {
			values = append(values, "bucket:"+a.Name)
		}
		return named(values)
	}
	placeholder := ""
	if parts := strings.SplitN(usage, "`", 3); len(parts) == 3 {
		placeholder = parts[1]
	}
	values := placeholders[placeholder]
	if placeholder != "FILE" && placeholder != "DIR" {
		if listed := listedIn(usage); listed != nil {
			return named(listed)
		}
		if key, ok := ner.FindKey(f.Names()[0]); ok && values == nil {
			return named(key.Values())
		}
	}
	if values == nil {
		return nil
	}
	if _, several := f.(*cli.StringSliceFlag); several {
		return inList(values(), word)
	}
	return values()
}

// argumentValues lists the values of the next argument of a command, by its usage
// line: "DATASET PATH", "[DATASET...]", "bash|zsh|fish".
func (c *call) argumentValues() []candidate {
	wanted := strings.Fields(c.command.ArgsUsage)
	i := c.args
	if last := len(wanted) - 1; i > last {
		if !strings.Contains(wanted[last], "...") {
			return nil
		}
		i = last
	}
	var found []candidate
	for word := range strings.SplitSeq(strings.Trim(wanted[i], "[]."), "|") {
		if word == "NAME" && strings.HasPrefix(c.path, "sweep ") {
			word = "PLAN"
		}
		if word == "COMMAND" {
			found = append(found, commandCandidates(c.app.Commands)...)
		} else if values := placeholders[word]; values != nil {
			found = append(found, values()...)
		} else if strings.ToLower(word) == word {
			found = append(found, candidate{word: word})
		}
	}
	return found
}

var oneWord = regexp.MustCompile(`^[a-z0-9_.-]+$`)

// listedIn reads the values that a help text lists behind its placeholder, as in
// "`SPLIT` to ask about: train, dev, test (default: test)"; nil: it lists none.
func listedIn(usage string) []string {
	parts := strings.SplitN(usage, "`", 3)
	if len(parts) < 3 {
		return nil
	}
	_, list, _ := strings.Cut(parts[2], ": ")
	list, _, _ = strings.Cut(list, " (")
	values := strings.Split(list, ", ")
	for i := range values {
		values[i] = strings.TrimPrefix(values[i], "or ")
		if !oneWord.MatchString(values[i]) {
			return nil
		}
	}
	if len(values) < 2 {
		return nil
	}
	return values
}

// inList completes the last of several values that are separated by commas.
func inList(values []candidate, word string) []candidate {
	before := word[:strings.LastIndex(word, ",")+1]
	var found []candidate
	for _, v := range values {
		if !slices.Contains(strings.Split(before, ","), v.word) {
			found = append(found, candidate{before + v.word, v.about})
		}
	}
	return found
}

// pairs completes KEY=VALUE.
func pairs(keys []string, word string) []candidate {
	name, _, assigned := strings.Cut(word, "=")
	if !assigned {
		var found []candidate
		for _, k := range keys {
			key, _ := ner.FindKey(k)
			found = append(found, candidate{k + "=", key.Meaning})
		}
		return found
	}
	var values []candidate
	if !slices.Contains(keys, name) {
		return nil
	}
	if listed := placeholders[strings.ToUpper(name)]; listed != nil {
		values = listed()
	} else if key, ok := ner.FindKey(name); ok {
		values = named(key.Values())
	}
	var found []candidate
	for _, v := range values {
		found = append(found, candidate{name + "=" + v.word, v.about})
	}
	return found
}

func named(names []string) []candidate {
	found := make([]candidate, len(names))
	for i, n := range names {
		found[i].word = n
	}
	return found
}

func datasetNames() []candidate {
	embedded, _ := datasets.Embedded() // tests read them
	var found []candidate
	for _, d := range embedded {
		found = append(found, candidate{d.ID, d.Title})
	}
	for _, domain := range datasets.Domains {
		found = append(found, candidate{harness.SamplePrefix + domain, "embedded sample"})
	}
	return found
}

func suiteNames() []candidate {
	suites, _ := datasets.Suites() // tests read them
	var found []candidate
	for _, s := range suites {
		found = append(found, candidate{s.Name, s.Title})
	}
	return found
}

func familyNames() []candidate {
	var found []candidate
	for _, f := range prompts.Families {
		found = append(found, candidate{f.Name, f.Meaning})
	}
	return found
}

// variantNames are the variants of a family, with and without its dataset lines.
func variantNames(family string) []candidate {
	f, err := prompts.Find(family)
	if err != nil {
		return nil
	}
	var found []candidate
	for _, v := range f.Variants {
		found = append(found, candidate{v.Name, v.Meaning})
		for _, line := range f.DatasetLine {
			found = append(found, candidate{v.Name + "+" + line, v.Meaning + ", with a dataset line"})
		}
	}
	return found
}

// cardNames are the embedded model cards that fit.
func cardNames(fits func(cards.Card) bool) []candidate {
	embedded, _ := cards.Embedded() // tests read them
	var found []candidate
	for _, c := range embedded {
		if fits(c) {
			found = append(found, candidate{c.Name, c.Title})
		}
	}
	return found
}

// modelNames are the beginnings of the names of models, and the cards that name one.
func modelNames() []candidate {
	return append(named(open.Prefixes()), cardNames(func(c cards.Card) bool { return c.Model != "" })...)
}

func metricNames(all bool) []candidate {
	var found []candidate
	for _, m := range metrics.Metrics {
		found = append(found, candidate{m.ID, m.Meaning})
	}
	if all {
		found = append(found, candidate{"all", "every metric"})
	}
	return found
}
