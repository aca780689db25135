package acquire

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"nerbench/datasets"
	"nerbench/internal/fault"
)

// group is the matches of one set in one folder of the source.
type group struct {
	root    string
	missing int
	matches []match
	rank    []int // see [group.ranked]; a higher one is better
}

// chooser chooses the files of a dataset among the members of a source.
type chooser struct {
	dataset *datasets.Dataset
	targets []target
	base    string // the folder of the source, as in the roots of groups
	// asked is set if the user chose the folder of the source.
	asked bool
	// left are the members that [chooser.choose] left out although their files are
	// missing, with the reasons.
	left []string
}

// choose returns the member for each path in the dataset's folder. A file with a
// recorded checksum may be anywhere. All others of a set come from one folder: the
// one with most of the files that have a checksum, then the one whose path fits
// best. If several folders fit equally well and differ, the error is a
// [fault.UsageError] that lists them.
func (c *chooser) choose(members []member) (map[string]match, error) {
	certain, named := map[*datasets.Set][]match{}, map[*datasets.Set][]match{}
	var unclear []match
	for i := range members {
		found, several := matches(c.targets, &members[i])
		unclear = append(unclear, several...)
		for _, one := range found {
			if set := one.target.set; one.checksum {
				certain[set] = append(certain[set], one)
			} else {
				named[set] = append(named[set], one)
			}
		}
	}
	chosen := map[string]match{}
	for i := range c.dataset.Sets {
		set := &c.dataset.Sets[i]
		best, err := c.best(set, certain[set], named[set])
		if err != nil {
			return nil, err
		}
		for _, one := range append(firstOf(certain[set]), best...) {
			if before, taken := chosen[one.want]; !taken || one.checksum && !before.checksum {
				chosen[one.want] = one
			}
		}
	}
	for i := range c.dataset.Sets {
		c.leaveOut(chosen, named[&c.dataset.Sets[i]], "it is in another folder than the other files of its set; --folder chooses it")
	}
	c.leaveOut(chosen, unclear, "its name fits several files of the dataset; --set and --split choose one")
	return chosen, nil
}

// leaveOut records the members whose files have no match among the chosen ones.
func (c *chooser) leaveOut(chosen map[string]match, found []match, reason string) {
	for _, one := range found {
		used := false
		for _, other := range chosen {
			used = used || other.target.file.Path == one.target.file.Path || other.member == one.member
		}
		if line := one.member.name + ": left out: " + reason; !used && !slices.Contains(c.left, line) {
			c.left = append(c.left, line)
		}
	}
}

// firstOf keeps one match for each target, the one with the best name.
func firstOf(certain []match) []match {
	var kept []match
	for _, one := range certain {
		at := slices.IndexFunc(kept, func(other match) bool { return other.target == one.target })
		switch {
		case at < 0:
			kept = append(kept, one)
		case one.missing < kept[at].missing:
			kept[at] = one
		}
	}
	return kept
}

// best returns the matches by name of a set in the best folder, without the files
// that were found by their checksum.
func (c *chooser) best(set *datasets.Set, certain, named []match) ([]match, error) {
	named = slices.DeleteFunc(slices.Clone(named), func(one match) bool {
		return slices.ContainsFunc(certain, func(other match) bool { return other.target == one.target })
	})
	if len(named) == 0 {
		return nil, nil
	}
	groups := c.groups(certain, named)
	best := groups[:1]
	for _, g := range groups[1:] {
		if slices.Compare(g.rank, best[0].rank) == 0 {
			best = append(best, g)
		}
	}
	rest := distinct(best)
	if len(rest) > 1 && !disjointFolders(rest) {
		return nil, c.severalFolders(set, rest)
	}
	var all []match
	for _, g := range rest {
		all = append(all, g.matches...)
	}
	return all, nil
}

// groups sorts the matches by name of a set into folders, the best one first.
func (c *chooser) groups(certain, named []match) []group {
	type key struct {
		root    string
		missing int
	}
	byKey := map[key]*group{}
	for _, one := range named {
		k := key{one.root, one.missing}
		if byKey[k] == nil {
			byKey[k] = &group{root: one.root, missing: one.missing}
		}
		byKey[k].add(one)
	}
	var groups []group
	for _, g := range byKey {
		g.rank = c.ranked(g, certain)
		groups = append(groups, *g)
	}
	slices.SortFunc(groups, func(a, b group) int { return cmp.Or(slices.Compare(b.rank, a.rank), cmp.Compare(a.root, b.root)) })
	return groups
}

// add adds a match. If two members of a folder can be used for one file, the one
// with the better name is kept.
func (g *group) add(one match) {
	at := slices.IndexFunc(g.matches, func(other match) bool {
		return other.target == one.target && (other.want == one.want || one.single())
	})
	switch {
	case at < 0:
		g.matches = append(g.matches, one)
	case one.order < g.matches[at].order:
		g.matches[at] = one
	}
}

// single reports whether the target is one file, not a pattern or a folder.
func (m match) single() bool {
	return !strings.ContainsAny(m.target.file.Path, "*?[") && !strings.HasPrefix(m.want, m.target.file.Path+"/")
}

// ranked is the order of groups: files with a checksum that are in the folder, a
// complete split, the whole path from the top of the source, fewer missing folders,
// and the dataset's own folder.
func (c *chooser) ranked(g *group, certain []match) []int {
	here := 0
	for _, one := range certain {
		if strings.HasPrefix(path.Join(one.member.place...), g.root+"/") {
			here++
		}
	}
	exact := g.root == c.base && (g.missing == 0 || c.asked)
	return []int{here, number(g.completes(certain)), number(exact), -g.missing, number(ownFolder(c.dataset, g.root))}
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// completes reports whether the group completes a split.
func (g *group) completes(certain []match) bool {
	found := append(slices.Clone(certain), g.matches...)
	return slices.ContainsFunc(g.matches, func(one match) bool {
		for i := range one.target.part.Files {
			f := &one.target.part.Files[i]
			if !slices.ContainsFunc(found, func(other match) bool { return other.target.file.Path == f.Path }) {
				return false
			}
		}
		return true
	})
}

// distinct leaves out the groups whose files are those of an earlier group.
func distinct(groups []group) []group {
	var kept []group
	for _, g := range groups {
		if !slices.ContainsFunc(kept, func(other group) bool { return maps.Equal(g.contents(), other.contents()) }) {
			kept = append(kept, g)
		}
	}
	return kept
}

// contents are the checksums of the files, by their paths in the dataset's folder. A
// file whose checksum was not computed equals no other.
func (g *group) contents() map[string]string {
	sums := map[string]string{}
	for _, one := range g.matches {
		sums[one.want] = cmp.Or(one.member.sum, one.member.name)
	}
	return sums
}

// disjointFolders reports whether the groups are folders that belong to different
// patterns of the set, such as the parts of a release.
func disjointFolders(groups []group) bool {
	owner := map[string]int{}
	for i, g := range groups {
		for _, one := range g.matches {
			pattern := one.target.file.Path
			if other, seen := owner[pattern]; seen && other != i || !strings.ContainsAny(pattern, "*?[") || strings.HasPrefix(pattern, "*") {
				return false
			}
			owner[pattern] = i
		}
	}
	return true
}

// severalFolders lists the folders that fit equally well.
func (c *chooser) severalFolders(set *datasets.Set, groups []group) error {
	const few = 4
	var lines []string
	for _, g := range groups {
		var names []string
		for _, one := range g.matches {
			names = append(names, path.Base(one.member.name))
		}
		slices.Sort(names)
		names = slices.Compact(names)
		if n := len(names); n > few {
			names = append(names[:few], fmt.Sprintf("and %d more", n-few))
		}
		lines = append(lines, fmt.Sprintf("\n  --folder %s  (%s)", quoteArg(c.folderOf(g)), strings.Join(names, ", ")))
	}
	return fault.Usagef("datasets import: %d folders with different files fit set %s of dataset %s; choose one:%s",
		len(groups), set.Name, c.dataset.ID, strings.Join(lines, ""))
}

// folderOf is the folder of a group below the source: the one that stands for the
// dataset's folder, or else the deepest one that has all its files.
func (c *chooser) folderOf(g group) string {
	if inside, ok := strings.CutPrefix(g.root, c.base+"/"); ok {
		return inside
	}
	common := strings.Split(path.Dir(g.matches[0].member.name), "/")
	for _, one := range g.matches[1:] {
		other := strings.Split(path.Dir(one.member.name), "/")
		n := 0
		for n < min(len(common), len(other)) && common[n] == other[n] {
			n++
		}
		common = common[:n]
	}
	return cmp.Or(path.Join(common...), ".")
}
