package site

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
)

// maxSlug is the length of a slug without its checksum.
const maxSlug = 60

// isSlug is the form of a slug: part of a file name on every system, and of an address
// without escapes.
var isSlug = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$`)

// Slugs returns a part of a file name for each name, [a-z0-9.-] only and unique among
// the names. The slug of a name depends on the set of names and not on their order.
// Equal names have one slug.
func Slugs(names []string) map[string]string {
	owner := map[string]string{} // plain slug -> the one name that has it
	shared := map[string]bool{}
	for _, name := range names {
		slug, _ := plainSlug(name)
		if other, ok := owner[slug]; ok && other != name {
			shared[slug] = true
		}
		owner[slug] = name
	}
	slugs := map[string]string{}
	for _, name := range names {
		slug, whole := plainSlug(name)
		if !whole || shared[slug] {
			sum := sha256.Sum256([]byte(name))
			slug = strings.TrimLeft(slug+"-"+hex.EncodeToString(sum[:4]), ".-")
		}
		slugs[name] = slug
	}
	return slugs
}

// plainSlug replaces the characters that a slug cannot have. It is not whole if nothing
// is left, if the name was cut, or if the result is a reserved name.
func plainSlug(name string) (slug string, whole bool) {
	var b strings.Builder
	dash := false
	for _, r := range strings.ToLower(name) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.':
			if dash && b.Len() > 0 {
				b.WriteByte('-')
			}
			dash = false
			b.WriteRune(r)
		default:
			dash = true
		}
		if b.Len() > maxSlug {
			break
		}
	}
	full := strings.Trim(b.String(), ".-")
	if strings.Contains(full, "..") || reserved.MatchString(full) {
		full = strings.ReplaceAll(full, ".", "-")
		return full[:min(len(full), maxSlug)], false
	}
	slug = strings.Trim(full[:min(len(full), maxSlug)], ".-")
	return slug, slug != "" && slug == full
}

// reserved are names of devices on Windows, also with an extension.
var reserved = regexp.MustCompile(`^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)`)
