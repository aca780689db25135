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
	"nerbench/sweeps"
)

// placeholders lists the values of what stands in capital letters in usage lines, as
// far as they are a closed list that the program has in itself.
var placeholders = map[string]func() []candidate{
	"DATASET": func() []candidate { return offered(harness.DatasetValues()) },
	"SUITE":   func() []candidate { return offered(harness.SuiteValues()) },
	"DOMAIN":  func() []candidate { return named(datasets.Domains) },
	"FAMILY":  func() []candidate { return offered(harness.FamilyValues()) },
	"CARD":    func() []candidate { return offered(harness.CardValues()) },
	"MODEL":   func() []candidate { return offered(harness.ModelValues()) },
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
		ids := offered(harness.MetricValues())
		if strings.Contains(usage, "or all") {
			ids = append(ids, candidate{"all", "every metric"})
		}
		return inList(ids, word)
	case "set":
		if strings.Contains(usage, "`KEY=VALUE`") {
			return pairs(ner.KeyNames(ner.Settable), word)
		}
	case "where":
		return pairs(ner.KeyNames(), word)
	case "variant":
		return offered(harness.VariantValues(c.family))
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

// offered are the candidates of values.
func offered(values []harness.Value) []candidate {
	found := make([]candidate, len(values))
	for i, v := range values {
		found[i] = candidate{v.Name, v.Meaning}
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
