package loaders

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// companions are the files with the annotations of texts, by the part of their
// names that they share with the text.
type companions struct {
	ending string
	byStem map[string][]member
}

func companionsOf(files []member, ending string) *companions {
	c := &companions{ending: ending, byStem: map[string][]member{}}
	for _, f := range files {
		stem := f.stem(ending)
		c.byStem[stem] = append(c.byStem[stem], f)
	}
	return c
}

// take returns the companion of a text, and each companion only once. If there are
// several, it returns the one in the nearest folder, as texts in two folders may
// have the same name. found is false if there is no companion.
func (c *companions) take(text member, stem string) (m member, found bool, err error) {
	candidates := c.byStem[stem]
	if len(candidates) == 0 {
		return member{}, false, nil
	}
	nearest, most, several := 0, -1, false
	for i, other := range candidates {
		switch n := sharedFolders(text.name, other.name); {
		case n > most:
			nearest, most, several = i, n, false
		case n == most:
			several = true
		}
	}
	if several {
		return member{}, false, fmt.Errorf("has %d files %s%s: expected one", len(candidates), stem, c.ending)
	}
	m = candidates[nearest]
	c.byStem[stem] = slices.Delete(slices.Clone(candidates), nearest, nearest+1)
	return m, true, nil
}

// left returns an error for a companion without a text.
func (c *companions) left(textEnding string) error {
	for _, stem := range slices.Sorted(maps.Keys(c.byStem)) {
		for _, m := range c.byStem[stem] {
			return fmt.Errorf("%s: its text %s%s is missing", path.Base(m.name), stem, textEnding)
		}
	}
	return nil
}

// sharedFolders counts the folders at the beginning of both names.
func sharedFolders(a, b string) int {
	one, other := strings.Split(path.Dir(a), "/"), strings.Split(path.Dir(b), "/")
	n := 0
	for n < min(len(one), len(other)) && one[n] == other[n] {
		n++
	}
	return n
}
