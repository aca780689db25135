// Package fetch brings published files here: over HTTP, from archives of
// repositories, and from the Hugging Face hub.
//
// A file gets its name only when all of it is here and, where its checksum is
// known, it is what was published: until then it lies beside it under the name
// with ".part". A transfer that was cut goes on where it stopped, if the server
// can tell that the file is still the same one.
package fetch
