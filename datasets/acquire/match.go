package acquire

import (
	"path"
	"slices"
	"strings"
	"unicode"

	"nerbench/datasets"
	"nerbench/internal/archive"
)

// member is a file of a source.
type member struct {
	name string // in the source
	// place is the elements of its path: those of the source, then those of the name.
	place []string
	size  int64
	sum   string // SHA-256; empty if it was not computed
	self  bool   // it is the source, which is an archive
}

// inSource is the number of elements of the place that are in the source.
func (m *member) inSource() int { return strings.Count(m.name, "/") + 1 }

// target is a file, or a pattern of files, that a dataset consists of.
type target struct {
	set  *datasets.Set
	part *datasets.Part
	file *datasets.File
}

// targets lists the files of the dataset, of one set and split only if they are
// given.
func targets(dataset *datasets.Dataset, only ImportOptions) []target {
	var all []target
	for i := range dataset.Sets {
		set := &dataset.Sets[i]
		if only.Set != "" && set.Name != only.Set {
			continue
		}
		for k := range set.Splits {
			part := &set.Splits[k]
			if only.Split != "" && part.Name != only.Split {
				continue
			}
			for n := range part.Files {
				all = append(all, target{set, part, &part.Files[n]})
			}
		}
	}
	return all
}

// match is a member that can be used for a target.
type match struct {
	target *target
	member *member
	want   string // the path of the member in the dataset's folder
	root   string // the folder of the source that stands for the dataset's folder
	// missing is the number of elements at the beginning of the target's path that
	// the member's path does not have. 0: the whole path agrees.
	missing int
	// shared is the number of elements that agree, the last one included.
	shared   int
	checksum bool // the member has the target's checksum
	order    int  // preference among the names of the target; lower is better
}

// matchName compares the path of a member with the names of a file, and returns the
// best match.
func matchName(f *datasets.File, m *member) (match, bool) {
	var best match
	found := false
	for i, name := range append([]string{f.Path}, f.Also...) {
		var one match
		var ok bool
		if strings.ContainsAny(name, "*?[") {
			one, ok = matchPattern(name, f.Except, m)
		} else if one, ok = matchPath(f, name, m); !ok && path.Ext(name) == "" {
			one, ok = matchPattern(name+"/*", f.Except, m) // a folder
		}
		if one.order += 2 * i; ok && (!found || one.missing < best.missing) {
			best, found = one, true
		}
	}
	best.member = m
	return best, found
}

// matchPath compares the end of a member's path with a name without patterns. One of
// them may be packed.
func matchPath(f *datasets.File, name string, m *member) (match, bool) {
	want := strings.Split(name, "/")
	form, ok := formOf(want[len(want)-1], m.place[len(m.place)-1])
	if !ok {
		return match{}, false
	}
	shared := 1 + commonEnd(want[:len(want)-1], m.place[:len(m.place)-1])
	out := match{root: rootOf(m, shared), missing: len(want) - shared, shared: shared, want: f.Path}
	if strings.ContainsAny(f.Path, "*?[") || archive.Is(f.Path) != archive.Is(name) {
		out.want = name // an archive in place of a folder or a file
	}
	switch form {
	case packed:
		out.want += ".gz"
	case unpacked:
		out.want = strings.TrimSuffix(out.want, ".gz")
	}
	if form != asIs {
		out.order = 1
	}
	return out, true
}

// The forms of a member: as its target, or with or without ".gz".
const (
	asIs = iota
	packed
	unpacked
)

// formOf compares two file names.
func formOf(want, has string) (form int, ok bool) {
	switch {
	case want == has:
		return asIs, true
	case archive.Is(want) || archive.Is(has):
		return 0, false
	case want+".gz" == has:
		return packed, true
	case want == has+".gz":
		return unpacked, true
	}
	return 0, false
}

// matchPattern compares the path of a member with a pattern. The folders before the
// first wildcard may be those of the source; at least one of them must agree.
func matchPattern(pattern string, except []string, m *member) (match, bool) {
	inside := m.place[len(m.place)-m.inSource():]
	if slices.ContainsFunc(inside, func(e string) bool { return slices.Contains(except, e) }) {
		return match{}, false
	}
	elements := strings.Split(pattern, "/")
	first := slices.IndexFunc(elements, func(e string) bool { return strings.ContainsAny(e, "*?[") })
	folders, rest := elements[:first], elements[first:]
	deep := rest[0] == "**"
	if deep {
		rest = rest[1:]
	}
	n := len(m.place) - len(rest)
	if n < 0 || !matchElements(rest, m.place[n:]) || first == 0 && len(rest) > len(inside) {
		return match{}, false
	}
	at, common := n, commonEnd(folders, m.place[:n])
	for i := 1; deep && i < n; i++ {
		if c := commonEnd(folders, m.place[:i]); c > common || c == common && at == n {
			at, common = i, c
		}
	}
	if first > 0 && common == 0 {
		return match{}, false
	}
	want := append(slices.Clone(folders), m.place[at:]...)
	return match{
		want: path.Join(want...), root: path.Join(m.place[:at-common]...), missing: first - common, shared: common + len(m.place) - at,
	}, true
}

// matchElements compares a path with a pattern, element by element.
func matchElements(pattern, place []string) bool {
	for i, p := range pattern {
		if ok, err := path.Match(p, place[i]); err != nil || !ok {
			return false
		}
	}
	return true
}

// commonEnd counts the elements at the ends of two paths that agree.
func commonEnd(a, b []string) int {
	n := 0
	for n < min(len(a), len(b)) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	return n
}

// rootOf is the path of a member without its last elements.
func rootOf(m *member, last int) string { return path.Join(m.place[:len(m.place)-last]...) }

// matches lists the targets that a member can be used for: those with its checksum,
// or else those with its name. Those of a name that lacks folders of the target's
// path, and fits several files, are unclear.
func matches(all []target, m *member) (found, unclear []match) {
	var named, certain []match
	for i := range all {
		t := &all[i]
		one, ok := matchName(t.file, m)
		one.target = t
		if t.file.SHA256 != "" && t.file.SHA256 == m.sum {
			if !ok {
				one = match{target: t, member: m, want: t.file.Path, missing: len(m.place)}
			}
			one.checksum = true
			certain = append(certain, one)
			continue
		}
		if ok {
			named = append(named, one)
		}
	}
	if len(certain) > 0 {
		return certain, nil
	}
	others := func(one match) bool {
		return slices.ContainsFunc(named, func(other match) bool { return other.target.file.Path != one.target.file.Path })
	}
	for _, one := range named {
		if one.missing > 0 && others(one) {
			unclear = append(unclear, one)
		} else {
			found = append(found, one)
		}
	}
	return found, unclear
}

// ownFolder reports whether a folder has a name of the dataset. Case and signs are
// ignored.
func ownFolder(dataset *datasets.Dataset, folder string) bool {
	name := plainName(path.Base(folder))
	return slices.ContainsFunc([]string{dataset.DataDir, dataset.ID, dataset.Released}, func(own string) bool {
		return own != "" && plainName(path.Base(own)) == name
	})
}

// plainName keeps letters and digits, in lower case.
func plainName(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			return unicode.ToLower(c)
		}
		return -1
	}, s)
}
