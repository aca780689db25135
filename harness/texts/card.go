package texts

import (
	"fmt"
	"io"
	"strings"

	"nerbench/reports"
	"nerbench/runners/cards"
)

// WriteCards prints a list of model cards.
func WriteCards(w io.Writer, list []cards.Card) error {
	g := reports.Grid{Title: "model cards", Header: []string{"card", "model", "family", "variant", "shape", "training datasets"}, Labels: 5}
	for _, c := range list {
		training := "unknown"
		if c.Training != nil {
			training = fmt.Sprint(len(c.Training))
		}
		g.Body = append(g.Body, []string{c.Name, c.Title, c.Family, c.Variant, c.Shape, training})
	}
	g.Notes = []string{"run -m ollama/NAME --card CARD runs a model with the settings of its card"}
	return g.Write(w, "text")
}

// WriteCard prints a model card.
func WriteCard(w io.Writer, card *cards.Card) {
	thinking := ""
	if card.Think {
		thinking = ", with thinking"
	}
	variant := ""
	if card.Variant != "" {
		variant = ", variant " + card.Variant
	}
	fmt.Fprintf(w, "%s: %s\n\nprompt family %s%s, sent as %s%s\n", card.Name, card.Title, card.Family, variant, card.Shape, thinking)
	for _, line := range []struct{ name, value string }{
		{"organisation", card.Organisation}, {"parameters", card.Parameters}, {"licence", card.Licence}, {"released", card.Released},
		{"served as", card.Model}, {"command", card.Command}, {"weights", card.Where}, {"identified by the weights", card.Weights}, {"stop", strings.Join(card.Stop, " ")},
		{"special tokens", strings.Join(card.Special, " ")}, {"note", card.Note},
	} {
		if line.value != "" {
			fmt.Fprintf(w, "%s: %s\n", line.name, line.value)
		}
	}
	if card.Context > 0 {
		fmt.Fprintf(w, "context: %d tokens\n", card.Context)
	}
	switch {
	case card.Training == nil:
		fmt.Fprintln(w, "training datasets: unknown")
	case len(card.Training) == 0:
		fmt.Fprintln(w, "training datasets: no dataset of the benchmark")
	default:
		fmt.Fprintf(w, "training datasets (%d): %s\n", len(card.Training), strings.Join(card.Training, ", "))
	}
}
