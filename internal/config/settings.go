package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"nerbench/internal/fault"
)

// Setting is a value with its origin.
type Setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	From  Origin `json:"from"`
	Where string `json:"where,omitempty"` // the variable, or the file
}

// Origin is the kind of place that a value comes from.
type Origin string

// The origins of values, in the order in which they count.
const (
	FromFlag        Origin = "flag"
	FromEnvironment Origin = "environment"
	FromFile        Origin = "file"
	FromDefault     Origin = "default"
)

// Source describes where the value comes from, such as "environment OLLAMA_HOST".
func (s Setting) Source() string { return strings.TrimSpace(string(s.From) + " " + s.Where) }

// Places are the usual places of the configuration file, the first one first.
func Places() []string {
	places := []string{"nerbench.toml"}
	if folder, err := os.UserConfigDir(); err == nil {
		places = append(places, filepath.Join(folder, "nerbench", "config.toml"))
	}
	return places
}

// Find reads the configuration file that a setting names, which must be there, or, if
// the setting is from [FromDefault], the first of the places that is. At most one file is
// read; without one, and for an empty name, the result is empty. The value of the
// returned setting is the path of the file.
func Find(named Setting, places []string) (*File, Setting, error) {
	if named.From != FromDefault {
		places = []string{named.Value}
	}
	for _, place := range places {
		if place == "" { // --config "" reads none
			continue
		}
		file, err := Read(place)
		if errors.Is(err, fs.ErrNotExist) && named.From == FromDefault {
			continue
		}
		if e, ok := errors.AsType[*fs.PathError](err); ok {
			return nil, named, fault.Usagef("--config %s: %v", place, e.Err)
		}
		if err != nil {
			return nil, named, err
		}
		named.Value = place
		return file, named, nil
	}
	return &File{}, named, nil
}

// Variable reads a variable of the environment. Where it is not set, the file may stand
// for it. The file may be nil.
func (f *File) Variable(getenv func(string) string, name string) string {
	if value := getenv(name); value != "" || f == nil {
		return value
	}
	return f.Variables()[name]
}

// ServerKeyFile is the file with the key of the OpenAI-compatible server; empty: none.
// The key of one server is not sent to another: it counts only for the address beside
// it, not if the command line or the environment gives an address or a key. The file may
// be nil.
func (f *File) ServerKeyFile(getenv func(string) string, addressGiven bool) string {
	if f == nil || getenv("OPENAI_API_KEY") != "" {
		return ""
	}
	if f.OpenAI.BaseURL != "" && (addressGiven || getenv("OPENAI_BASE_URL") != "") {
		return ""
	}
	return string(f.OpenAI.KeyFile)
}

// Endpoints are the settings that have no global flag, as far as they are set. shown
// returns an address without its password.
func (f *File) Endpoints(getenv, shown func(string) string) []Setting {
	var found []Setting
	for _, name := range []string{"OLLAMA_HOST", "OPENAI_BASE_URL", "NERBENCH_LLAMA_LIB"} {
		switch value := f.Variable(getenv, name); {
		case value == "":
		case getenv(name) != "":
			found = append(found, Setting{name, shown(value), FromEnvironment, name})
		default:
			found = append(found, Setting{name, shown(value), FromFile, f.Path})
		}
	}
	if file := f.ServerKeyFile(getenv, false); file != "" {
		found = append(found, Setting{"api-key-file", file, FromFile, f.Path})
	}
	return found
}
