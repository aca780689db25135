package loaders

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"nerbench/datasets"
)

// tagNames converts the tags of records to tags of the scheme: numbers by the list
// of the dataset or of a separate file, typos by the dataset's list, and PER_B to
// B-PER if the position is at the end.
type tagNames struct {
	dataset *datasets.Dataset
	fields  *datasets.Fields
	byID    [][]byte
	byText  map[string][]byte // tags found so far, so that each is converted once
}

// newTagNames reads the names for a split.
func (r *reading) newTagNames() (*tagNames, error) {
	f := r.set.Fields
	if f == nil {
		return nil, fmt.Errorf("its set %s has no table fields", r.set.Name)
	}
	n := &tagNames{dataset: r.dataset, fields: f}
	n.setNames(f.Names)
	if f.NamesFile == "" {
		return n, nil
	}
	names, err := r.files()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if r.isNamesFile(name) {
			return n, n.readFile(r, name)
		}
	}
	return nil, fmt.Errorf("%s: missing: it defines the tag numbers", f.NamesFile)
}

// isNamesFile reports whether a file contains the names of tags instead of
// documents.
func (r *reading) isNamesFile(name string) bool {
	f := r.set.Fields
	return f != nil && f.NamesFile != "" && path.Base(strings.TrimSuffix(name, ".gz")) == path.Base(f.NamesFile)
}

func (n *tagNames) setNames(names []string) {
	n.byID = make([][]byte, len(names))
	for i, name := range names {
		n.byID[i] = []byte(n.name(name))
	}
}

// name applies the dataset's lists to one tag.
func (n *tagNames) name(tag string) string {
	if other, ok := n.fields.Read[tag]; ok {
		tag = other
	}
	if n.dataset.LabelRule == datasets.PositionLast {
		if turned := letterLast([]byte(tag)); turned != nil {
			return string(turned)
		}
	}
	return tag
}

// readFile reads an object {name: number}, an object {number: name}, or a list.
func (n *tagNames) readFile(r *reading, name string) error {
	text, err := r.whole(name)
	if err != nil {
		return err
	}
	shown := path.Base(name)
	var list []string
	if unmarshal(text, &list) == nil {
		n.setNames(list)
		return nil
	}
	byName, err := numbered(text)
	if err != nil {
		return fmt.Errorf("%s: expected the names of the tags with their numbers: %w", shown, err)
	}
	list = make([]string, len(byName))
	for tag, id := range byName {
		if id < 0 || id >= len(list) || list[id] != "" {
			return fmt.Errorf("%s: %q has the number %d: expected each number from 0 to %d exactly once", shown, tag, id, len(list)-1)
		}
		list[id] = tag
	}
	n.setNames(list)
	return nil
}

// numbered reads {"O": 0} or {"0": "O"}.
func numbered(text []byte) (map[string]int, error) {
	var byName map[string]int
	err := unmarshal(text, &byName)
	if err == nil {
		return byName, nil
	}
	var byID map[int]string
	if unmarshal(text, &byID) != nil {
		return nil, err
	}
	byName = map[string]int{}
	for id, name := range byID {
		byName[name] = id
	}
	return byName, nil
}

// ofNumber returns the tag with a number.
func (n *tagNames) ofNumber(id int) ([]byte, error) {
	if id < 0 || id >= len(n.byID) {
		if len(n.byID) == 0 {
			return nil, fmt.Errorf("tag %d is a number without a name: the dataset file needs fields.names or fields.names_file", id)
		}
		return nil, fmt.Errorf("tag %d: has no name (names for 0 to %d)", id, len(n.byID)-1)
	}
	return n.byID[id], nil
}

// mostTags limits the number of cached tags: files have few, malformed ones many.
const mostTags = 4096

// ofText returns the tag for a string, which may contain a number.
func (n *tagNames) ofText(tag []byte) ([]byte, error) {
	if name, ok := n.byText[string(tag)]; ok {
		return name, nil
	}
	name := []byte(n.name(string(tag)))
	if len(n.byID) > 0 {
		if id, err := strconv.Atoi(string(tag)); err == nil {
			if name, err = n.ofNumber(id); err != nil {
				return nil, err
			}
		}
	}
	if n.byText == nil {
		n.byText = map[string][]byte{}
	}
	if len(n.byText) < mostTags {
		n.byText[string(tag)] = name
	}
	return name, nil
}
