package harness

import (
	"strings"

	"nerbench/boards"
	"nerbench/datasets"
	"nerbench/ner"
)

// rerun is the command that runs the model again on the first suite of the board.
func (m *boardMaker) rerun(e *boardEntry) string {
	name, imported := strings.CutPrefix(e.model, ner.ImportedPrefix)
	parts := []string{"nerbench", "run", "-m", quoted(e.model)}
	if imported {
		parts = []string{"nerbench", "import", "FILE", "--model", quoted(name)}
	}
	if e.card != nil {
		parts = append(parts, "--card", e.card.Name)
	}
	keys := e.main().keys
	for _, k := range ner.Keys {
		value := keys[k.Name]
		fromCard := e.card != nil && (k.Name == "family" || k.Name == "variant" || k.Name == "stop" || k.Name == "think" || k.Name == "as")
		if value == "" || !k.Settable || fromCard || boards.WithoutPrompts(keys) && !imported {
			continue
		}
		parts = append(parts, "--set", quoted(k.Name+"="+value))
	}
	if imported {
		return strings.Join(append(parts, "-d", "DATASET"), " ")
	}
	if seed := ner.TrainedSeed(e.main().all[0].Keys); seed != "" && seed != "0" {
		parts = append(parts, "--set", "sampling_seed="+seed)
	}
	first := m.suites[0]
	if _, err := datasets.FindSuite(first.id); err == nil {
		return strings.Join(append(parts, "--suite", first.id), " ")
	}
	ids := make([]string, len(first.datasets)) // the command run knows no other suites
	for i, d := range first.datasets {
		ids[i] = d.ID
	}
	return strings.Join(append(parts, "-d", strings.Join(ids, ",")), " ")
}

// quoted is a word of a command line.
func quoted(word string) string {
	if word != "" && !strings.ContainsFunc(word, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=+,@", r))
	}) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
