// Package check compares a student with its training data: whether the text that it was
// trained on is the text that a run of family uniner sends. A conversion, or another
// chat template, can change it without an error, and the student loses most of its
// answers.
package check
