package distill

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"nerbench/ner"
)

// The values of settings, the default first.
var (
	Guards = []string{"none", "surface"}
	Orders = []string{"shuffled", "listed"}
)

// variants are those of the family uniner that conversations can be for: the texts of
// others are not turns. Each may have a dataset line.
var variants = []string{"repo", "paragraph", "definition"}

// DefaultSettings are the settings of a build for which nothing else is chosen. Filters and
// the variant are empty: they depend on the data.
func DefaultSettings() Settings {
	return Settings{Negatives: "frequency", Ratio: 1, Guard: "none", Order: "shuffled", MaxTokens: 1024, Tokens: "words", Dev: 0.02, Cap: 10_000}
}

// Check returns the first setting that no build can have. The flags of the errors are those
// of the command.
func (s Settings) Check() error {
	for _, choice := range []struct {
		flag, value string
		known       []string
	}{{"negatives", s.Negatives, Strategies}, {"guard", s.Guard, Guards}, {"order", s.Order, Orders}} {
		if !slices.Contains(choice.known, choice.value) {
			return fmt.Errorf("--%s %s: want one of %s%s", choice.flag, choice.value, strings.Join(choice.known, ", "), ner.DidYouMean(choice.value, choice.known))
		}
	}
	base, line := s.Base(), s.Line()
	_, known := datasetLines[line]
	switch {
	case s.Ratio < 0 || math.IsNaN(s.Ratio) || math.IsInf(s.Ratio, 0):
		return fmt.Errorf("--ratio %v: want 0 or more", s.Ratio)
	case s.MaxTokens < 1:
		return fmt.Errorf("--max-tokens %d: want 1 or more", s.MaxTokens)
	case !(s.Dev >= 0 && s.Dev < 1):
		return fmt.Errorf("--dev %v: want a share from 0 to less than 1", s.Dev)
	case s.Cap < 0:
		return fmt.Errorf("--cap %d: want 0 (all documents) or more", s.Cap)
	case !slices.Contains(variants, base) || line != "" && !known:
		return fmt.Errorf("--variant %s: want one of %s, which may have a dataset line: +nl, +nl_sp, +sp_nl, +sp_nl_sp", s.Variant, strings.Join(variants, ", "))
	}
	_, err := ParseFilters(s.Unclosed, s.Verbatim, s.Conflict)
	return err
}

// Base is the variant without its dataset line.
func (s Settings) Base() string {
	base, _, _ := strings.Cut(s.Variant, "+")
	return base
}

// Line is the dataset line of the variant; empty: none.
func (s Settings) Line() string {
	_, line, _ := strings.Cut(s.Variant, "+")
	return line
}

// options are those of negatives.
func (s Settings) options() NegativeOptions {
	return NegativeOptions{Strategy: s.Negatives, Ratio: s.Ratio, Seed: s.Seed, Guard: s.Guard == "surface"}
}

// Strings returns the values of --unclosed, --verbatim and --conflict.
func (f Filters) Strings() (unclosed, verbatim, conflict string) {
	name := func(keep bool) string {
		if keep {
			return "keep"
		}
		return "drop"
	}
	return name(f.KeepUnclosed), name(f.KeepElsewhere), name(!f.DropConflicts)
}
