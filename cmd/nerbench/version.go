package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// version is the version of the program, as in the CHANGELOG.
const version = "0.1.0"

// stamp is the output of git describe for the commit. "make build" sets it with the
// linker; go build leaves it empty.
var stamp string

func versionCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:  "version",
		Usage: "print the version",
		Action: func(c *cli.Context) error {
			info, _ := debug.ReadBuildInfo() // nil: the revision is unknown
			v := struct {
				Version  string `json:"version"`
				Revision string `json:"revision,omitempty"`
				Go       string `json:"go"`
				Platform string `json:"platform"`
			}{version, revision(stamp, info), runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
			if env.json {
				return env.printJSON(v)
			}
			words := []string{"nerbench", v.Version, v.Go, v.Platform}
			if v.Revision != "" {
				words = slices.Insert(words, 2, v.Revision)
			}
			_, err := fmt.Fprintln(env.stdout, strings.Join(words, " "))
			return err
		},
	}
}

// buildName is the version and the commit of the program.
func buildName() string {
	info, _ := debug.ReadBuildInfo() // nil: the revision is unknown
	return strings.TrimSpace(version + " " + revision(stamp, info))
}

// revision returns the commit of the program: the stamp, else the one in the build
// information. It ends in -dirty if files differed from the commit.
func revision(stamp string, info *debug.BuildInfo) string {
	if stamp != "" || info == nil {
		return stamp
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	commit := settings["vcs.revision"]
	if commit != "" && settings["vcs.modified"] == "true" {
		commit += "-dirty"
	}
	return commit
}
