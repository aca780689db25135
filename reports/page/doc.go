// Package page writes the HTML report: one self-contained page with a leaderboard,
// charts, tables by domain and by dataset, failed answers, sample passages and the
// keys of all runs.
//
// [Write] computes the tables with package reports and prints them with a template.
// The page loads nothing: style, script and the chart library are embedded in it,
// and its content security policy forbids requests and any other script. Without
// scripts the tables still show every number.
//
// Names of models, types and datasets, and the texts of passages and answers, come
// from outside. They appear as text only, in HTML and in charts.
package page
