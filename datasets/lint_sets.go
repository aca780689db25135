package datasets

import (
	"fmt"
	"maps"
	"path"
	"slices"

	"nerbench/ner"
)

func (l *lint) conll(r *Dataset) {
	needed := slices.ContainsFunc(r.Sets, func(s Set) bool { return s.Family == "conll" && s.Conll == nil })
	switch c := r.Conll; {
	case c == nil && needed:
		l.fault("conll", "missing: a set has the family conll")
	case c != nil && !slices.Contains(r.Families, "conll"):
		l.fault("conll", "families does not list conll")
	}
	if r.Conll != nil {
		l.columns("conll", r.Conll)
	}
}

// columns checks the parameters of column files.
func (l *lint) columns(at string, c *Conll) {
	oneOf(l, at+".separator", c.Separator, []string{"tab", "space", "blanks"})
	oneOf(l, at+".scheme", c.Scheme, Schemes)
	oneOf(l, at+".blank", c.Blank, []string{"", "spaces", "empty"})
	oneOf(l, at+".skip_lines", c.SkipLines, []string{"", "without-separator"})
	oneOf(l, at+".untagged", c.Untagged, []string{"", "outside"})
	oneOf(l, at+".blank_token", c.BlankToken, []string{"", "skip"})
	if c.TokenColumn < 0 || c.TagColumn < -1 || c.TokenColumn == c.TagColumn {
		l.fault(at, "token_column %d, tag_column %d: want two different columns from 0, or -1 for the last as tag", c.TokenColumn, c.TagColumn)
	}
	if c.Columns != 0 && (c.TokenColumn >= c.Columns || c.TagColumn >= c.Columns || c.Columns < 2) {
		l.fault(at+".columns", "%d: token_column is %d, tag_column %d", c.Columns, c.TokenColumn, c.TagColumn)
	}
	if c.StripPrefix != "" && c.Scheme != "io" {
		l.fault(at+".strip_prefix", "is only used in the scheme io")
	}
	if slices.Contains(c.SkipPrefix, "") {
		l.fault(at+".skip_prefix", "an empty prefix would skip every line")
	}
	for i, group := range c.LeaveOut {
		if len(group) == 0 || slices.Contains(group, "") {
			l.fault(fmt.Sprintf("%s.leave_out[%d]", at, i), "is empty or contains an empty string: it would leave out every document")
		}
	}
}

// setColumns checks the parameters of column files of one set.
func (l *lint) setColumns(at string, s *Set) {
	switch {
	case s.Conll == nil:
	case s.Family == "conll":
		l.columns(at+": conll", s.Conll)
	case s.Family == "conll-layered":
		if c := *s.Conll; !slices.Equal([]any{c.Separator, c.Scheme, c.TokenColumn, c.TagColumn, c.Columns}, []any{"", "", 0, 0, 0}) || len(c.SkipPrefix) == 0 {
			l.fault(at+": conll", "the family conll-layered uses only skip_prefix")
		}
	default:
		l.fault(at+": conll", "is not used in the family %s", s.Family)
	}
}

func (l *lint) sets(r *Dataset) {
	primary, names := 0, map[string]bool{}
	for i := range r.Sets {
		s := &r.Sets[i]
		field := fmt.Sprintf("set[%d]", i)
		if s.Name != "" {
			field = "set " + s.Name
		}
		l.required(field+": name", s.Name)
		if names[s.Name] {
			l.fault(field, "duplicate name")
		}
		names[s.Name] = true
		if s.Primary {
			primary++
		}
		if s.Family == "" {
			l.fault(field+": family", "missing: want the format family of the files")
		} else if !slices.Contains(r.Families, s.Family) {
			l.fault(field+": family", "%q is not one of the dataset's families %q", s.Family, r.Families)
		}
		l.fields(field, s)
		l.setColumns(field, s)
		l.splits(field, r, s)
	}
	if primary != 1 {
		l.fault("set", "%d sets are primary, want 1", primary)
	}
}

func (l *lint) splits(field string, r *Dataset, s *Set) {
	if len(s.Splits) == 0 {
		l.fault(field, "has no split")
	}
	names := map[ner.Split]bool{}
	for i := range s.Splits {
		p := &s.Splits[i]
		at := fmt.Sprintf("%s: split %s", field, p.Name)
		l.required(at+": name", string(p.Name))
		if names[p.Name] {
			l.fault(at, "duplicate name")
		}
		names[p.Name] = true
		if (len(p.Files) == 0) == (p.Layout == "") {
			l.fault(at, "want files, or a layout if the release has no fixed names")
		}
		for j, f := range p.Files {
			l.file(fmt.Sprintf("%s: files[%d]", at, j), f)
		}
		if p.First < 0 || p.End < 0 || p.End > 0 && p.End <= p.First {
			l.fault(at, "first %d, end %d: want documents from 0, end exclusive", p.First, p.End)
		}
		if p.Lock != nil {
			l.lock(at+": lock", r, s, p)
		}
	}
}

func (l *lint) file(field string, f File) {
	if f.Bytes < 0 {
		l.fault(field+".bytes", "%d: want a size", f.Bytes)
	}
	for _, p := range append([]string{f.Path}, f.Also...) {
		l.relative(field+".path", p)
		if _, err := path.Match(p, ""); err != nil {
			l.fault(field+".path", "%q: %v", p, err)
		}
	}
	if f.SHA256 != "" {
		l.sha256(field+".sha256", f.SHA256)
		if pattern(f.Path) {
			l.fault(field+".sha256", "a pattern cannot have a checksum: %q", f.Path)
		}
	}
}

func (l *lint) lock(field string, r *Dataset, s *Set, p *Part) {
	k := p.Lock
	if len(p.Files) == 0 {
		l.fault(field, "want files, or no recorded counts")
	}
	if k.Documents <= 0 || k.Spans < 0 || k.Tokens < 0 {
		l.fault(field, "documents %d, spans %d, tokens %d: want counts", k.Documents, k.Spans, k.Tokens)
	}
	sum, types := 0, r.Types()
	for _, label := range s.Labels {
		types = append(types, label.Type)
	}
	for _, t := range slices.Sorted(maps.Keys(k.ByType)) {
		sum += k.ByType[t]
		if !slices.Contains(types, t) {
			l.fault(field+".by_type", "%q is not a type of the dataset", t)
		}
	}
	for _, mode := range slices.Sorted(maps.Keys(k.Ceiling)) {
		if f := k.Ceiling[mode]; f < 0 || f > 1 {
			l.fault(field+".ceiling."+mode, "%v: want a score between 0 and 1", f)
		}
	}
	if sum != k.Spans {
		l.fault(field+".by_type", "sums to %d, spans is %d", sum, k.Spans)
	}
	l.sha256(field+".texts_sha256", k.TextsSHA256)
	l.sha256(field+".spans_sha256", k.SpansSHA256)
}
