// Package fetch downloads published files: over HTTP, from archives of repositories, and
// from the Hugging Face hub.
//
// A file gets its final name only when it is complete and matches its checksum, if
// one is known. Until then its name ends in ".part". An interrupted transfer is
// resumed if the server confirms that the file is unchanged. A transfer ends with an
// error if the server sends nothing for a minute, or too much.
package fetch
