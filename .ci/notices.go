// notices prints THIRD_PARTY_NOTICES: the licence texts of all modules that a released
// program links, on any platform. A module without a licence file is an error.
//
// usage: go run .ci/notices.go GOOS/GOARCH… > THIRD_PARTY_NOTICES
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// program is the package that is released.
const program = "./cmd/nerbench"

// scripts is the folder of the script of Apache ECharts, which the pages contain.
const scripts = "reports/echarts"

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "notices:", err)
		os.Exit(1)
	}
}

// module is a part of the output of go list.
type module struct {
	Path, Version, Dir string
	Main               bool
}

func run(platforms []string, out io.Writer) error {
	if len(platforms) == 0 {
		return errors.New("no platform: give GOOS/GOARCH")
	}
	modules := map[string]module{}
	for _, platform := range platforms {
		if err := linked(platform, modules); err != nil {
			return err
		}
	}
	goRoot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return fmt.Errorf("go env: %w", err)
	}
	texts := map[string][]string{} // the names of what is under a text
	folders := map[string]string{"the Go standard library": strings.TrimSpace(string(goRoot)), "Apache ECharts": scripts}
	for _, m := range modules {
		folders[m.Path+" "+m.Version] = m.Dir
	}
	for _, name := range slices.Sorted(maps.Keys(folders)) {
		text, err := licence(folders[name])
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		texts[text] = append(texts[text], name)
	}
	fmt.Fprintln(out, "The programs of nerbench contain the following works, under these licences.")
	for _, text := range slices.SortedFunc(maps.Keys(texts), func(a, b string) int { return strings.Compare(texts[a][0], texts[b][0]) }) {
		fmt.Fprintf(out, "\n%s\n%s\n\n%s", strings.Repeat("=", 80), strings.Join(texts[text], "\n"), text)
	}
	return nil
}

// linked adds the modules of the program on a platform, as GOOS/GOARCH.
func linked(platform string, modules map[string]module) error {
	system, processor, _ := strings.Cut(platform, "/")
	list := exec.Command("go", "list", "-deps", "-json=Module", program)
	list.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+processor)
	list.Stderr = os.Stderr
	text, err := list.Output()
	if err != nil {
		return fmt.Errorf("go list: %s: %w", platform, err)
	}
	packages := json.NewDecoder(bytes.NewReader(text))
	for {
		var p struct{ Module *module }
		err := packages.Decode(&p)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("go list: %s: %w", platform, err)
		}
		if p.Module != nil && !p.Module.Main {
			modules[p.Module.Path] = *p.Module
		}
	}
}

// licence is the text of the files of a folder that are licences or notices.
func licence(folder string) (string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return "", err
	}
	var all strings.Builder
	for _, e := range entries {
		begins := func(with string) bool { return strings.HasPrefix(strings.ToUpper(e.Name()), with) }
		if !e.Type().IsRegular() || !slices.ContainsFunc([]string{"LICENSE", "LICENCE", "UNLICENSE", "COPYING", "NOTICE"}, begins) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&all, "%s\n", bytes.TrimSpace(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))))
	}
	if all.Len() == 0 {
		return "", fmt.Errorf("%s: no licence file: %w", folder, fs.ErrNotExist)
	}
	return all.String(), nil
}
