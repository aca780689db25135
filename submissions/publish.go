package submissions

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"path"
	"slices"
	"strings"

	"nerbench/results"
)

// placed are the keys that a server or a file gives their values: they can have a path.
var placed = []string{"root", "server", "server_version", "training"}

// spoken are the facts that hold texts for the model, in which a slash is no path.
var spoken = []string{"thinking_marks", "special_tokens", "decoding"}

// published are the keys and facts of a run as they are part of a bundle. Addresses and
// paths are replaced by marks, which are equal for equal values; of a model in a file,
// the name of the file is left.
func published(run results.RunInfo) results.RunInfo {
	keys, facts := run.Shown(), maps.Clone(run.Facts)
	if facts == nil {
		facts = map[string]string{}
	}
	for _, name := range placed {
		if keys[name] != "" {
			keys[name] = marked(keys[name])
		}
	}
	for name, value := range facts {
		if !slices.Contains(spoken, name) {
			facts[name] = marked(value)
		}
	}
	keys["model"] = modelName(keys["model"])
	maps.DeleteFunc(keys, func(_, value string) bool { return value == "" })
	run.Keys, run.Facts = keys, facts
	return run
}

// modelName is the name of a model without the path before it.
func modelName(name string) string {
	kind, rest, found := strings.Cut(name, "/")
	if !found || !private(rest) {
		return name
	}
	return kind + "/" + path.Base(strings.ReplaceAll(rest, `\`, "/"))
}

// marked is a text, or its mark if it has an address or a path.
func marked(text string) string {
	if !private(text) {
		return text
	}
	sum := sha256.Sum256([]byte(text))
	return "sha256:" + hex.EncodeToString(sum[:6])
}

// private reports whether a text has an address, or a path that is absolute or in the
// user's folder.
func private(text string) bool {
	if strings.Contains(text, "://") || strings.Contains(text, `\`) {
		return true
	}
	separated := func(r rune) bool { return strings.ContainsRune(" \t\n,;=\"'()[]{}", r) }
	return slices.ContainsFunc(strings.FieldsFunc(text, separated), func(word string) bool {
		return strings.HasPrefix(word, "/") || strings.HasPrefix(word, "~/") || strings.HasPrefix(word, "../") || strings.HasPrefix(word, "./")
	})
}
