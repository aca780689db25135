// Package texts prints for people what package harness and the packages below it compute:
// comparisons, evaluations, runs, and errors. Texts from outside are printed without
// characters that could disturb a terminal.
package texts
