package doctor

import (
	"context"
	"fmt"
	"strings"

	"nerbench/internal/terminal"
	"nerbench/runners/local/llamacpp"
	"nerbench/runners/open"
)

// GGUF finds the libraries for models in the process, and the devices of the
// first one.
func (d *Doctor) GGUF(_ context.Context) Finding {
	folders, err := open.LlamaFolders("", d.Getenv)
	if err != nil {
		return Found(Absent, err)
	}
	library, err := llamacpp.Load(folders[0])
	if err != nil {
		return Found(Broken, err)
	}
	devices := library.Devices()
	f := Finding{State: OK, Detail: map[string]any{"libraries": folders, "build": llamacpp.Build, "devices": devices}}
	var names []string
	for _, d := range devices {
		names = append(names, fmt.Sprintf("%s %s (%.1f GB)", d.Name, terminal.Printable(strings.TrimSpace(d.Description)), float64(d.Total)/1e9))
	}
	f.Text = fmt.Sprintf("llama.cpp %s in %s: %s", llamacpp.Build, folders[0], strings.Join(names, ", "))
	if len(folders) > 1 {
		f.Text += "; not used: " + strings.Join(folders[1:], ", ")
	}
	return f
}
