package main

import (
	"context"
	"fmt"
	"nerbench/runners/local/llamacpp"
	"nerbench/runners/open"
	"strings"
)

// examineGGUF finds the libraries for models in the process, and the devices of the
// first one.
func examineGGUF(env *environment, _ context.Context) finding {
	folders, err := open.LlamaFolders("", env.variable)
	if err != nil {
		return found(absent, err)
	}
	library, err := llamacpp.Load(folders[0])
	if err != nil {
		return found(broken, err)
	}
	devices := library.Devices()
	f := finding{State: fine, Detail: map[string]any{"libraries": folders, "build": llamacpp.Build, "devices": devices}}
	var names []string
	for _, d := range devices {
		names = append(names, fmt.Sprintf("%s %s (%.1f GB)", d.Name, printable(strings.TrimSpace(d.Description)), float64(d.Total)/1e9))
	}
	f.Text = fmt.Sprintf("llama.cpp %s in %s: %s", llamacpp.Build, folders[0], strings.Join(names, ", "))
	if len(folders) > 1 {
		f.Text += "; not used: " + strings.Join(folders[1:], ", ")
	}
	return f
}
