package ner

// ImportedPrefix is the prefix of the names of models whose predictions were imported:
// they were made elsewhere, and nothing can be asked.
const ImportedPrefix = "imported/"

// Imported reports whether the run with these keys was imported.
func Imported(keys map[string]string) bool { return keys["imported"] != "" }
