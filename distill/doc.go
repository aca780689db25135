// Package distill turns the answers of a teacher into training data, as the UniversalNER
// paper did (docs/spec/prompts.md §6): it filters the entities of each passage, counts
// their types, draws types that are not in a passage as negatives, and writes the
// conversations in the forms of the usual trainers.
package distill
