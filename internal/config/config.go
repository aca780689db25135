// Package config reads the configuration file of the program: endpoints, and
// defaults of flags. docs/config.md describes every key.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"nerbench/internal/fault"
	"nerbench/internal/strict"
)

// File is a configuration file. Missing keys are empty.
type File struct {
	Path string `toml:"-"`

	// Defaults of the global flags of the same names.
	Store    Text  `toml:"store"`
	Data     Text  `toml:"data"`
	Datasets Text  `toml:"datasets"`
	Prompts  Text  `toml:"prompts"`
	Models   Text  `toml:"models"`
	Color    Color `toml:"color"`

	LlamaLib Text   `toml:"llama-lib"` // folder of llama.cpp
	Ollama   Ollama `toml:"ollama"`
	OpenAI   OpenAI `toml:"openai"`
	Run      Run    `toml:"run"`
}

// Ollama configures the Ollama server.
type Ollama struct {
	Host Text `toml:"host"`
}

// OpenAI configures a server with the API of OpenAI, such as vLLM.
type OpenAI struct {
	BaseURL Text `toml:"base-url"`
	// KeyFile is a file with the API key of the server. The configuration never
	// contains the key itself.
	KeyFile Text `toml:"api-key-file"`
}

// Run holds defaults for flags of run with the same names. No key changes the
// queries, so that a command line means the same on every machine.
type Run struct {
	MaxConnections Connections `toml:"max-connections"`
	Timeout        Duration    `toml:"timeout"`
	KeepAlive      KeepAlive   `toml:"keep-alive"`
	Probe          Number      `toml:"probe"`
	Metric         Texts       `toml:"metric"`
	Pull           Switch      `toml:"pull"`
	GPULayers      Number      `toml:"gpu-layers"`
	MainGPU        Number      `toml:"main-gpu"`
	GPUSplit       Text        `toml:"gpu-split"`
	Threads        Number      `toml:"threads"`
	Sequences      Number      `toml:"sequences"`
	Workers        Number      `toml:"workers"`
}

// Read reads a configuration file. Faults in it are a [fault.UsageError]. Relative
// paths are relative to the folder of the file.
func Read(path string) (*File, error) {
	f := &File{Path: path}
	err := strict.ReadTOML(files{}, path, f)
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, err
	}
	if err != nil {
		return nil, faulty(err)
	}
	if strings.Contains(string(f.OpenAI.BaseURL), "@") { // also where it is not a URL
		return nil, &fault.Hint{
			Err: fault.Usagef("%s: openai.base-url: a password must not be in this file", path), Advice: keyAdvice,
		}
	}
	for _, p := range []*Text{&f.Data, &f.Datasets, &f.Prompts, &f.Models, &f.LlamaLib, &f.OpenAI.KeyFile, &f.Store} {
		if *p, err = f.resolve(*p); err != nil {
			return nil, err
		}
	}
	if strings.Contains(string(f.Ollama.Host), "@") {
		return nil, &fault.Hint{Err: fault.Usagef("%s: ollama.host: a password must not be in this file", path), Advice: "set OLLAMA_HOST"}
	}
	return f, nil
}

// files opens files by their paths, so that errors name the whole path.
type files struct{}

func (files) Open(name string) (fs.File, error) { return os.Open(name) }

const keyAdvice = "write it to a separate file and set api-key-file to its path, or set OPENAI_API_KEY"

// faulty returns a usage error for the faults of a file. An API key in the file is
// a fault with a hint.
func faulty(err error) error {
	for _, unknown := range strict.UnknownKeys(err) {
		if isSecret(unknown.Key) {
			return &fault.Hint{
				Err: fault.Usagef("%s:%d: %s: a key of a server must not be in this file", unknown.File, unknown.Line, unknown.Key), Advice: keyAdvice,
			}
		}
	}
	return &fault.UsageError{Err: err}
}

// isSecret reports whether a key of the file has the name of an API key or a
// password.
func isSecret(key string) bool {
	name := strings.ToLower(strings.NewReplacer("-", "", "_", "", `"`, "").Replace(key))
	for _, ending := range []string{"key", "token", "secret", "password"} {
		if strings.HasSuffix(name, ending) {
			return true
		}
	}
	return false
}

// resolve makes a path relative to the folder of the file. Addresses are unchanged.
func (f *File) resolve(path Text) (Text, error) {
	switch p := string(path); {
	case p == "", filepath.IsAbs(p), strings.Contains(p, "://"):
		return path, nil
	case strings.HasPrefix(p, "~/"):
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("%s: %s: %w", f.Path, p, err)
		}
		return Text(filepath.Join(home, p[2:])), nil
	default:
		return Text(filepath.Join(filepath.Dir(f.Path), p)), nil
	}
}

// Globals are the values of global flags, by flag.
func (f *File) Globals() map[string]string {
	values := map[string]string{}
	for name, value := range map[string]Text{
		"store": f.Store, "data": f.Data, "datasets": f.Datasets, "prompts": f.Prompts, "models": f.Models, "color": Text(f.Color),
	} {
		if value != "" {
			values[name] = string(value)
		}
	}
	return values
}

// Variables are the values for environment variables that are not set.
func (f *File) Variables() map[string]string {
	return map[string]string{
		"OLLAMA_HOST": string(f.Ollama.Host), "OPENAI_BASE_URL": string(f.OpenAI.BaseURL), "NERBENCH_LLAMA_LIB": string(f.LlamaLib),
	}
}

// RunFlags are the values of flags of run, by flag.
func (f *File) RunFlags() map[string][]string {
	values := map[string][]string{}
	if len(f.Run.Metric) > 0 {
		values["metric"] = f.Run.Metric
	}
	for name, value := range map[string]string{
		"max-connections": string(f.Run.MaxConnections), "timeout": string(f.Run.Timeout), "keep-alive": string(f.Run.KeepAlive),
		"probe": string(f.Run.Probe), "pull": string(f.Run.Pull), "gpu-layers": string(f.Run.GPULayers), "main-gpu": string(f.Run.MainGPU),
		"gpu-split": string(f.Run.GPUSplit), "threads": string(f.Run.Threads), "sequences": string(f.Run.Sequences), "workers": string(f.Run.Workers),
	} {
		if value != "" {
			values[name] = []string{value}
		}
	}
	return values
}
