package main

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"nerbench/datasets"
)

// howToGet says, in one line, how the files of a row come here: the command,
// where one does it, else the place to ask.
func (env *environment) howToGet(row *datasets.Row) string {
	importing := "nerbench datasets import " + row.ID
	if env.dataGiven {
		importing += " --data " + quoteArg(env.data)
	}
	switch row.Access {
	case "agreement":
		return fmt.Sprintf("needs an agreement: ask at %s, then %s PATH", allSources(row), importing)
	case "paid":
		return fmt.Sprintf("needs a paid licence: %s, then %s PATH", allSources(row), importing)
	}
	for _, s := range row.Sources {
		files := filesOf(s, row)
		if len(files) == 0 {
			continue
		}
		if command, folder := download(s, row, files); command != "" {
			return fmt.Sprintf("get it from %s: %s && %s %s", sourceAddress(s), command, importing, folder)
		}
	}
	return fmt.Sprintf("get it from %s, then %s PATH", allSources(row), importing)
}

// download is the command that brings files from a source into a folder, or
// nothing where no plain command does.
func download(s datasets.Source, row *datasets.Row, files []string) (command, folder string) {
	switch {
	case s.Kind == "github":
		folder = path.Base(s.Where)
		command = "git clone https://github.com/" + s.Where
		if s.Commit != "" {
			command += fmt.Sprintf(" && git -C %s checkout -q %s", folder, s.Commit)
		}
	case s.Kind == "url" && strings.HasSuffix(s.Where, "/"):
		folder = row.ID
		command = "curl --fail --create-dirs --output-dir " + folder
		for _, name := range files {
			command += " -O " + quoteArg(s.Where+name)
		}
	}
	return command, folder
}

func allSources(row *datasets.Row) string {
	var where []string
	for _, s := range row.Sources {
		where = append(where, sourceAddress(s))
	}
	return strings.Join(where, " or ")
}

func sourceAddress(s datasets.Source) string {
	switch s.Kind {
	case "github":
		return "GitHub repository " + s.Where
	case "huggingface":
		return "Hugging Face dataset " + s.Where
	case "ldc":
		return "Linguistic Data Consortium " + s.Where
	}
	return s.Where
}

// filesOf are the files of the row's primary set that a source says it has,
// under one of their names.
func filesOf(s datasets.Source, row *datasets.Row) []string {
	set, err := row.Set("")
	if err != nil {
		return nil
	}
	var wanted []string
	for _, p := range set.Splits {
		for _, f := range p.Files {
			wanted = append(append(wanted, f.Path), f.Also...)
		}
	}
	fits := func(there string) bool {
		return slices.ContainsFunc(wanted, func(name string) bool {
			folder := strings.HasSuffix(there, "/") && strings.HasPrefix(name, there)
			plain := path.Dir(name) == "." && path.Base(there) == name
			return folder || plain || there == name || strings.HasSuffix(there, "/"+name)
		})
	}
	return slices.DeleteFunc(expandNames(s.Files), func(there string) bool { return !fits(there) })
}

// expandNames splits a list of file names, and writes out {a,b} in them.
func expandNames(list string) []string {
	var names []string
	depth, start := 0, 0
	for i, c := range list + "," {
		switch {
		case c == '{':
			depth++
		case c == '}':
			depth--
		case depth == 0 && (c == ',' || c == ';' || c == ' '):
			names = append(names, expandBraces(list[start:i])...)
			start = i + 1
		}
	}
	return slices.DeleteFunc(names, func(n string) bool { return n == "" })
}

func expandBraces(name string) []string {
	before, rest, ok := strings.Cut(name, "{")
	inside, after, closed := strings.Cut(rest, "}")
	if !ok || !closed {
		return []string{name}
	}
	var names []string
	for part := range strings.SplitSeq(inside, ",") {
		for _, rest := range expandBraces(after) {
			names = append(names, before+part+rest)
		}
	}
	return names
}

// quoteArg quotes an argument for a shell, where it needs that.
func quoteArg(s string) string {
	if strings.ContainsAny(s, " \t\"'\\$&;|<>()*?[]#~`!") {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return s
}
