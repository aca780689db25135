package exchange

import (
	"crypto/sha256"
	"fmt"
	"path"
	"strings"

	"nerbench/internal/names"
)

// slug makes one element of a path of a name from outside: letters and digits of ASCII,
// dots, underscores and hyphens. Other characters become one hyphen.
func slug(name string) string {
	var b strings.Builder
	for _, r := range name {
		switch {
		case r < 0x80 && (r == '.' || r == '_' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'):
			b.WriteRune(r)
		case !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	s := strings.Trim(b.String(), ".-_")
	if s == "" {
		s = "unnamed"
	}
	if len(s) > 100 { // with a sum, so that names with one beginning stay apart
		s = fmt.Sprintf("%s-%x", strings.TrimRight(s[:80], ".-_"), sha256.Sum256([]byte(name)))[:100]
	}
	if _, err := names.Element(s); err != nil || s == "data" || s == "unknown" { // a device of Windows; names that Every Eval Ever reserves
		s += "-model"
		if before, after, ok := strings.Cut(s, "."); ok {
			s = before + "-" + after
		}
	}
	return s
}

// hubID is the name of a model in the form of the Hugging Face hub: DEVELOPER/MODEL. A
// model whose repository is unknown has its runner as developer.
func (m Model) hubID() string {
	if developer, name, ok := strings.Cut(m.Repository, "/"); ok && slug(developer) == developer && slug(name) == name {
		return m.Repository
	}
	kind, name, ok := strings.Cut(m.Name, "/")
	if !ok {
		return "nerbench/" + slug(m.Name)
	}
	return slug(kind) + "/" + slug(name)
}

// folder is the model as one element of a path.
func (m Model) folder() string {
	return strings.ReplaceAll(m.hubID(), "/", "__")
}

// uuid is a UUID of version 4 that is determined by the id of a run.
func uuid(run string) string {
	sum := sha256.Sum256([]byte("nerbench run " + run))
	sum[6] = sum[6]&0x0f | 0x40
	sum[8] = sum[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// join joins elements of a path with slashes.
func join(elements ...string) string { return path.Join(elements...) }
