package acquire

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"nerbench/datasets"
	"nerbench/internal/httpclient"
)

// HowToGet describes in one line how to get the files of a dataset: the fetch
// command if it works for the dataset, or else where to apply for access.
func (a *Acquirer) HowToGet(dataset *datasets.Dataset) string {
	flag := ""
	if a.DataFlag {
		flag = " --data " + quoteArg(a.Data)
	}
	importing := "nerbench datasets import " + dataset.ID + flag + " PATH"
	switch {
	case dataset.Access == "agreement":
		return fmt.Sprintf("needs an access agreement (%s): apply at %s, then %s", dataset.Licence, owners(dataset), importing)
	case dataset.Access == "paid":
		return fmt.Sprintf("needs a paid licence (%s): buy it from %s, then %s", dataset.Licence, owners(dataset), importing)
	case slices.ContainsFunc(dataset.Sources, func(s datasets.Source) bool { return a.downloadable(s, dataset) }):
		return fmt.Sprintf("nerbench datasets fetch %s%s; or get it from %s, then %s", dataset.ID, flag, allSources(dataset), importing)
	}
	return fmt.Sprintf("get it from %s, then %s", allSources(dataset), importing)
}

// downloadable reports whether fetch may find a dataset's files at a source.
func (a *Acquirer) downloadable(s datasets.Source, dataset *datasets.Dataset) bool {
	switch s.Kind {
	case "huggingface":
		return true
	case "github":
		return len(a.repositoryFiles(s, dataset)) > 0
	case "url", "ftp":
		return len(addressFiles(s, dataset)) > 0
	}
	return false
}

func allSources(dataset *datasets.Dataset) string { return joinSources(dataset.Sources) }

// owners are the sources that grant access: repositories on GitHub and Hugging Face have
// programs for the files, or copies by others.
func owners(dataset *datasets.Dataset) string {
	own := slices.DeleteFunc(slices.Clone(dataset.Sources), func(s datasets.Source) bool { return s.Kind == "github" || s.Kind == "huggingface" })
	if len(own) == 0 {
		return allSources(dataset)
	}
	return joinSources(own)
}

func joinSources(sources []datasets.Source) string {
	var where []string
	for _, s := range sources {
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
	case "url", "ftp":
		return httpclient.WithoutLogin(s.Where)
	}
	return s.Where
}

// filesOf lists the files of the dataset's primary set that the source lists.
func filesOf(s datasets.Source, dataset *datasets.Dataset) []string {
	set, err := dataset.Set("")
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

// expandNames splits a list of file names, and expands {a,b} in them.
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

// quoteArg quotes an argument for a shell if necessary.
func quoteArg(s string) string {
	if strings.ContainsAny(s, " \t\"'\\$&;|<>()*?[]#~`!") {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return s
}
