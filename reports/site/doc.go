// Package site writes the leaderboard: static pages, one script and their data files.
//
// The pages work from a folder, from any static host and from a server, and
// without scripts as plain tables. A [Board] holds every number of the pages; an
// [Archive] gives the passages and the answers, which are only written where the
// licence of a dataset permits it. Build writes both into a folder, which depends on
// them alone: the same input gives the same bytes.
//
// Names, passages and answers come from outside. They appear as text only.
package site
