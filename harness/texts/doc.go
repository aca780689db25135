// Package texts prints for people what package harness, the packages below it and package
// submissions compute: comparisons, evaluations, runs, errors, and bundles. Texts from
// outside are printed without characters that could disturb a terminal.
package texts
