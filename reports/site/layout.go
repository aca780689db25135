package site

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"path"
	"slices"
	"strings"

	"nerbench/ner"
	"nerbench/reports/echarts"
)

//go:embed assets/*.tmpl assets/*.css assets/*.js
var assetFiles embed.FS

// policy is that of every page: it loads scripts, styles and pictures of the site only.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'"

// assets are the files that all pages share: name without checksum -> file.
type assets map[string]file

func newAssets() (assets, error) {
	all := assets{}
	entries, err := assetFiles.ReadDir("assets")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if path.Ext(e.Name()) == ".tmpl" {
			continue
		}
		content, err := assetFiles.ReadFile("assets/" + e.Name())
		if err != nil {
			return nil, err
		}
		all.add(e.Name(), content)
	}
	library, err := echarts.Script()
	if err != nil {
		return nil, err
	}
	all.add("echarts.js", []byte(library))
	all.add("echarts-notice.txt", []byte(echarts.Notice))
	return all, nil
}

func (a assets) add(name string, content []byte) {
	ext := path.Ext(name)
	a[name] = file{hashedName("assets/"+strings.TrimSuffix(name, ext), ext, content), content}
}

// path is the path of an asset in the site.
func (a assets) path(name string) (string, error) {
	f, ok := a[name]
	if !ok {
		return "", fmt.Errorf("no asset %q", name)
	}
	return f.path, nil
}

// page is one page of the site. It is rendered when it is asked for.
type page struct {
	path  string // such as m/gpt-4.html
	title string
	body  string // name of the template
	// scripts are the paths of scripts and data files that it needs beside site.js.
	scripts []string
	styles  []string // assets beside site.css
	charts  bool     // it may load the script of the charts
	policy  string   // empty: that of all pages
	content func() (any, error)
}

// comparePage is the path of the page of comparisons.
const comparePage = "compare.html"

// link is an entry of the navigation.
type link struct{ Name, Path string }

// frame is what surrounds the body of a page.
type frame struct {
	Root, Title, Site, Policy, BoardFile, Date, Version, Current string
	Nav                                                          []link
	Scripts, Styles                                              []string
	Charts                                                       bool
	Compare                                                      bool // there is a page of comparisons
	Body                                                         template.HTML
}

// body is what the template of a body has.
type body struct {
	Root string // "" or "../"
	*site
	Page any
}

// render returns the page as HTML.
func (s *site) render(p page) (file, error) {
	content, err := p.content()
	if err != nil {
		return file{}, fmt.Errorf("site: %s: %w", p.path, err)
	}
	root := strings.Repeat("../", strings.Count(p.path, "/"))
	var inner, whole bytes.Buffer
	if err := s.templates.ExecuteTemplate(&inner, p.body, body{root, s, content}); err != nil {
		return file{}, fmt.Errorf("site: %s: %w", p.path, err)
	}
	nav, err := s.navigation()
	if err != nil {
		return file{}, err
	}
	f := frame{
		Root: root, Title: s.name(), Site: s.name(), Policy: cmp.Or(p.policy, policy), BoardFile: s.boardFile.path,
		Date: s.Board.Date, Version: s.Board.Version, Current: p.path, Nav: nav, Scripts: p.scripts, Styles: p.styles, Charts: p.charts,
		Compare: slices.ContainsFunc(nav, func(l link) bool { return l.Path == comparePage }),
		Body:    template.HTML(strings.TrimSpace(inner.String())), // of a template that escapes
	}
	if p.title != "" {
		f.Title = short(p.title) + " – " + f.Site
	}
	if err := s.templates.ExecuteTemplate(&whole, "page", f); err != nil {
		return file{}, fmt.Errorf("site: %s: %w", p.path, err)
	}
	return file{p.path, whole.Bytes()}, nil
}

// name is the title of the board.
func (s *site) name() string {
	if s.Board.Title == "" {
		return "Named entity recognition"
	}
	return short(s.Board.Title)
}

// parseTemplates reads the templates. Functions that they share are here.
func (s *site) parseTemplates() (*template.Template, error) {
	return template.New("").Funcs(template.FuncMap{
		"asset": s.assets.path, "commas": printCount, "visible": Visible, "short": short,
		"tierMark": tierMark, "saveFormats": func() []string { return []string{"CSV", "JSON", "LaTeX"} },
		"row":    func(root string, n int, r rankingRow) rankingLine { return rankingLine{root, n, r} },
		"linked": newLinkedCells, "rowWith": func(c rowColumns, r cellRow) rowWith { return rowWith{c, r} },
		"metricName": metricName, "valueText": valueText, "orUnknown": orUnknown, "yesNo": yesNo,
		"tiers": func() [][2]string { return tierMeanings }, "outcomes": func() [][2]string { return outcomeMeanings },
		"finding":     func(root, path string, passage int) findingCell { return findingCell{root, path, passage + 1} },
		"columnCount": func(r *ranking) int { return 13 + len(r.Domains) },
	}).ParseFS(assetFiles, "assets/*.tmpl")
}

// linkedCells are the scores of a line, the first with a link to the run.
type linkedCells struct {
	Link              string
	Scores            []number
	Precision, Recall string
	Counts            ner.Score
}

func newLinkedCells(root, path string, row any) (linkedCells, error) {
	switch r := row.(type) {
	case cellRow:
		return linkedCells{root + path, r.Scores, r.Precision, r.Recall, r.Counts}, nil
	case typeRow:
		return linkedCells{root + path, r.Scores, r.Precision, r.Recall, r.Counts}, nil
	}
	return linkedCells{}, fmt.Errorf("no scores in a %T", row)
}

type rowWith struct {
	Columns rowColumns
	Row     cellRow
}

// printCount prints a count or a pointer to one.
func printCount(n any) (string, error) {
	switch n := n.(type) {
	case int:
		return commas(n), nil
	case *int:
		return commas(*n), nil
	}
	return "", fmt.Errorf("no count: %T", n)
}
