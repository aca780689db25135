// Package serve shows the leaderboard of a store in a browser: the same files as
// [nerbench/reports/site.Build] writes, made when they are asked for, and the progress of
// the runs that other processes make.
//
// It only reads, answers GET and HEAD, and listens on this machine unless it has a
// token. Names in requests never reach the file system: a site knows its own paths.
package serve
