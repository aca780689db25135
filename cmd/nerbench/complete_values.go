package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/datasets"
	"nerbench/harness"
	"nerbench/internal/commandline"
	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/sweeps"
)

// candidate is what a word may become.
type candidate = commandline.Candidate

// completions lists what the last word of a command line may become.
func completions(app *cli.App, words []string) []candidate {
	return commandline.Complete(app, words, commandline.Values{Flag: flagValues, Placeholder: placeholderValues, Key: keyValues})
}

// placeholders lists the values of what stands in capital letters in usage lines, as
// far as they are a closed list that the program has in itself.
var placeholders = map[string]func() []candidate{
	"DATASET": func() []candidate { return offered(harness.DatasetValues()) },
	"SUITE":   func() []candidate { return offered(harness.SuiteValues()) },
	"DOMAIN":  func() []candidate { return commandline.Named(datasets.Domains) },
	"FAMILY":  func() []candidate { return offered(harness.FamilyValues()) },
	"CARD":    func() []candidate { return offered(harness.CardValues()) },
	"MODEL":   func() []candidate { return offered(harness.ModelValues()) },
	"KEY":     func() []candidate { return commandline.Named(tableKeys()) },
	"ITEM":    func() []candidate { return commandline.Named(paperNames()) },
	"PLAN":    func() []candidate { return commandline.Named(sweeps.Names()) },
	"FILE":    func() []candidate { return []candidate{{Word: commandline.FileNames}} },
	"PATH":    func() []candidate { return []candidate{{Word: commandline.FileNames}} },
	"DIR":     func() []candidate { return []candidate{{Word: commandline.FolderNames}} },
}

// placeholderValues lists the values of a placeholder.
func placeholderValues(c *commandline.Call, placeholder string) []candidate {
	if placeholder == "NAME" && strings.HasPrefix(c.Path, "sweep ") {
		placeholder = "PLAN"
	}
	if values := placeholders[placeholder]; values != nil {
		return values()
	}
	return nil
}

// flagValues lists the values of some flags, of which the word is the beginning.
func flagValues(c *commandline.Call, f cli.DocGenerationFlag, name, word string) []candidate {
	switch name {
	case "metric":
		ids := offered(harness.MetricValues())
		if strings.Contains(f.GetUsage(), "or all") {
			ids = append(ids, candidate{Word: "all", Meaning: "every metric"})
		}
		return commandline.InList(ids, word)
	case "set":
		if strings.Contains(f.GetUsage(), "`KEY=VALUE`") {
			return pairs(ner.KeyNames(ner.Settable), word)
		}
	case "where":
		return pairs(ner.KeyNames(), word)
	case "variant":
		return offered(harness.VariantValues(c.Set["family"]))
	case "max-connections":
		return commandline.Named([]string{"auto"})
	case "by":
		values := []string{"type", "none"}
		for _, a := range metrics.Attributes {
			values = append(values, "bucket:"+a.Name)
		}
		return commandline.Named(values)
	}
	return nil
}

// keyValues lists the values of a key of runs; nil: there is none of the name.
func keyValues(name string) []candidate {
	key, ok := ner.FindKey(name)
	if !ok {
		return nil
	}
	return commandline.Named(key.Values())
}

// pairs completes KEY=VALUE.
func pairs(keys []string, word string) []candidate {
	name, _, assigned := strings.Cut(word, "=")
	if !assigned {
		var found []candidate
		for _, k := range keys {
			key, _ := ner.FindKey(k)
			found = append(found, candidate{Word: k + "=", Meaning: key.Meaning})
		}
		return found
	}
	var values []candidate
	if !slices.Contains(keys, name) {
		return nil
	}
	if listed := placeholders[strings.ToUpper(name)]; listed != nil {
		values = listed()
	} else {
		values = keyValues(name)
	}
	var found []candidate
	for _, v := range values {
		found = append(found, candidate{Word: name + "=" + v.Word, Meaning: v.Meaning})
	}
	return found
}

// offered are the candidates of values.
func offered(values []harness.Value) []candidate {
	found := make([]candidate, len(values))
	for i, v := range values {
		found[i] = candidate{Word: v.Name, Meaning: v.Meaning}
	}
	return found
}
