// Package names decides which names from outside may become names of files: members
// of archives, files that servers list, and the ids and paths of a user's own
// datasets, prompts and model cards. There is one rule for all of them and for all
// operating systems, so that files can be copied to another one.
package names

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"strings"
	"unicode"
)

// The limits of names, in bytes. File systems permit no longer elements; the names of
// published datasets have less than a quarter of it.
const (
	MaxElement = 255
	MaxName    = 1024
)

// ErrOutside is wrapped by the error for a name that is absolute or contains "..".
var ErrOutside = errors.New("refused: the name points outside the folder")

// ErrUnusable is wrapped by the error for a name that some systems cannot store, or
// that is shown as another one.
var ErrUnusable = errors.New("refused: not a usable file name")

// Local returns the clean form of a path with slashes, which is inside the folder that
// it is joined with: it is relative and not empty, it has no ".." and no "." (but may
// begin with "./"), no backslash, no control character, no name that Windows reserves,
// and not more bytes than the limits.
//
// The errors wrap [ErrOutside] or [ErrUnusable], and contain the name. A caller that
// writes files uses an [os.Root], too, since a folder may contain links.
func Local(name string) (string, error) {
	if len(name) > MaxName {
		return "", fmt.Errorf("%q...: %w: more than %d bytes", name[:64], ErrUnusable, MaxName)
	}
	local := path.Clean(name)
	slashed := strings.ReplaceAll(name, `\`, "/") // as Windows and some programs read it
	if strings.HasPrefix(slashed, "/") || !filepath.IsLocal(filepath.FromSlash(name)) || local == "." || hasParent(slashed) {
		return "", fmt.Errorf("%q: %w", name, ErrOutside)
	}
	for element := range strings.SplitSeq(local, "/") {
		if reason := unusable(element); reason != "" {
			return "", fmt.Errorf("%q: %w: %s", name, ErrUnusable, reason)
		}
	}
	return local, nil
}

// Element is [Local] for one element of a path: it has no slash.
func Element(name string) (string, error) {
	local, err := Local(name)
	if err == nil && (local != name || strings.Contains(name, "/")) {
		err = fmt.Errorf("%q: %w: it has a slash", name, ErrUnusable)
	}
	return local, err
}

// hasParent reports whether an element is "..", also with the blanks and dots that
// Windows ignores.
func hasParent(slashed string) bool {
	for element := range strings.SplitSeq(slashed, "/") {
		if len(element) > 1 && strings.HasPrefix(element, ".") && strings.Trim(element, ". ") == "" {
			return true
		}
	}
	return false
}

// unusable is the reason why an element is refused; empty: it is not.
func unusable(element string) string {
	switch {
	case len(element) > MaxElement:
		return fmt.Sprintf("an element has more than %d bytes", MaxElement)
	case strings.Contains(element, `\`):
		return "it has a backslash"
	case strings.ContainsFunc(element, unicode.IsControl):
		return "it has a control character"
	case strings.TrimSpace(element) == "":
		return "an element is blank"
	case reserved(element):
		return "Windows reserves it for a device"
	}
	return ""
}

// reserved reports whether Windows reads an element as a device, such as "nul" or
// "COM1.txt". It ignores case, and everything from the first dot or colon.
func reserved(element string) bool {
	stem := element
	if i := strings.IndexAny(stem, ".:"); i >= 0 {
		stem = stem[:i]
	}
	stem = strings.ToUpper(strings.TrimRight(stem, " "))
	switch stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	device, ok := strings.CutPrefix(stem, "COM")
	if !ok {
		device, ok = strings.CutPrefix(stem, "LPT")
	}
	return ok && len([]rune(device)) == 1 && strings.Contains("0123456789¹²³", device)
}
