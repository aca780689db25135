package main

import (
	"github.com/urfave/cli/v2"
)

// localSettings say how a model in the process is computed. They change the
// speed, not the question; but the aggregation, which is a key of the run.
type localSettings struct {
	library            string // folder of the library; empty: it is looked for
	gpuLayers, mainGPU int
	split              string
	threads, sequences int
	aggregation        string // of a token classifier; empty: simple
}

func localFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "llama-lib", EnvVars: []string{"NERBENCH_LLAMA_LIB"}, Usage: "`DIR` of the libraries of llama.cpp (default: the user's cache folder, then the system's)"},
		&cli.IntFlag{Name: "gpu-layers", Value: -1, Usage: "gguf: `N` layers on the GPU (default: all, if there is one)"},
		&cli.IntFlag{Name: "main-gpu", Usage: "gguf: the GPU `I` to use with --gpu-split none, from 0"},
		&cli.StringFlag{Name: "gpu-split", Usage: "gguf: `HOW` several GPUs share the model: none, layer, row (default: layer)"},
		&cli.IntFlag{Name: "threads", Usage: "gguf: `N` threads that compute (default: one a processor)"},
		&cli.StringFlag{Name: "aggregation", Usage: "onnx: `HOW` tokens become spans: simple, or first (default: simple)"},
		&cli.IntFlag{Name: "sequences", Usage: "gguf: `N` questions answered at once (default: 16)"},
	}
}

func readLocal(c *cli.Context) localSettings {
	return localSettings{
		library: c.String("llama-lib"), gpuLayers: c.Int("gpu-layers"), mainGPU: c.Int("main-gpu"),
		split: c.String("gpu-split"), threads: c.Int("threads"), sequences: c.Int("sequences"),
		aggregation: c.String("aggregation"),
	}
}
