package open

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"nerbench/internal/fault"
	"nerbench/ner"
)

// Prefixes are the prefixes of the names of models, one for each kind. The name of the
// model follows a prefix that ends in a slash.
func Prefixes() []string {
	var prefixes []string
	for _, k := range kinds {
		prefixes = append(prefixes, k.prefix)
	}
	return prefixes
}

// kindOf splits the name of a model into its kind and the rest.
func kindOf(name string) (kind int, rest string, err error) {
	for i, k := range kinds {
		if k.prefix == name && !strings.HasSuffix(k.prefix, "/") {
			return i, "", nil
		}
		if rest, ok := strings.CutPrefix(name, k.prefix); ok && strings.HasSuffix(k.prefix, "/") && rest != "" {
			return i, rest, nil
		}
	}
	for _, k := range kinds {
		if strings.TrimSuffix(name, "/")+"/" == k.prefix {
			return 0, "", fault.Usagef("model %q: its name is missing: want %s", name, k.prefix+k.argument)
		}
	}
	if strings.HasPrefix(name, ner.ImportedPrefix) {
		return 0, "", fault.Usagef("model %q: its predictions were imported: there is no model to ask", name)
	}
	if similar := similarModel(name); similar != "" {
		return 0, "", fault.Usagef("model %q: unknown%s", name, similar)
	}
	return 0, "", &fault.Hint{
		Err:    fault.Usagef("model %q: unknown: want %s", name, Forms()),
		Advice: "nerbench run --help describes them; nerbench models list shows the model cards",
	}
}

// similarModel suggests the name with a known kind in place of an unknown one.
func similarModel(name string) string {
	kind, rest, hasName := strings.Cut(name, "/")
	if hasName {
		kind += "/"
	}
	var known []string
	for _, prefix := range Prefixes() {
		if strings.HasSuffix(prefix, "/") == hasName {
			known = append(known, prefix)
		}
	}
	return strings.Replace(ner.DidYouMean(kind, known), `/"?`, "/"+rest+`"?`, 1)
}

// Check returns a usage error for a name of an unknown kind.
func Check(name string) error {
	_, _, err := kindOf(name)
	return err
}

// DefaultFamily is the default prompt family of a model.
func DefaultFamily(name string) string {
	if kind, _, err := kindOf(name); err == nil {
		return kinds[kind].family
	}
	return "uniner"
}

// StoredNames returns the names that a model can have in the runs of a store, the usual
// one first. A file or folder has the path as it was given, or the end of the path. In
// stores of older versions of this program, it always has the end.
func StoredNames(name string) []string {
	kind, rest, err := kindOf(name)
	if err != nil || kinds[kind].stored == nil {
		return []string{name}
	}
	names := []string{kinds[kind].stored(rest)}
	if former := kinds[kind].former(rest); former != names[0] {
		names = append(names, former)
	}
	return names
}

// InFile reports whether a model is in a file or folder of the user.
func InFile(name string) bool {
	kind, _, err := kindOf(name)
	return err == nil && kinds[kind].stored != nil
}

// HasCommand reports whether a model is a program of the user, which a command starts.
func HasCommand(name string) bool { return strings.HasPrefix(name, "exec/") }

// FileDigest returns the digest of a model in a file or folder ([InFile]). It reads the
// whole file.
func FileDigest(ctx context.Context, name string) (string, error) {
	kind, rest, err := kindOf(name)
	if err != nil {
		return "", err
	}
	if kinds[kind].digest == nil {
		return "", fmt.Errorf("model %s: not in a file", name)
	}
	return kinds[kind].digest(ctx, rest)
}

// WithDigest is the name of a model in runs, if another model in the store has its
// name: with the beginning of its digest.
func WithDigest(name, digest string) string {
	return name + "@" + digest[:min(len(digest), shortDigest)]
}

// shortDigest is the length of a digest in a name.
const shortDigest = 12

// IsStored reports whether a name in a store is one of the names of a model, with or
// without its digest.
func IsStored(stored string, names []string) bool {
	digest := strings.LastIndex(stored, "@") // a path may have the sign, too
	return slices.Contains(names, stored) || digest >= 0 && slices.Contains(names, stored[:digest])
}
