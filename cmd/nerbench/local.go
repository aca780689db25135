package main

import (
	"github.com/urfave/cli/v2"

	"nerbench/runners/open"
)

func localFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "llama-lib", EnvVars: []string{"NERBENCH_LLAMA_LIB"}, Usage: "`DIR` of llama.cpp's libraries (default: the user's cache, then the system's)"},
		&cli.IntFlag{Name: "gpu-layers", Value: -1, Usage: "gguf: `N` layers on the GPU (default: all)"},
		&cli.IntFlag{Name: "main-gpu", Usage: "gguf: `NUMBER` of the GPU, from 0, with --gpu-split none"},
		&cli.StringFlag{Name: "gpu-split", Usage: "gguf: `HOW` to split the model over several GPUs: none, layer, row (default: layer)"},
		&cli.IntFlag{Name: "threads", Usage: "gguf: `N` CPU threads (default: one per processor)"},
		&cli.StringFlag{Name: "aggregation", Usage: "onnx: `HOW` to join tokens to spans: simple, first (default: simple)"},
		&cli.StringFlag{Name: "command", Usage: "exec: `COMMAND` line of the program, split into words without a shell"},
		&cli.IntFlag{Name: "workers", Value: 1, Usage: "exec: `N` processes of the program"},
		&cli.IntFlag{Name: "sequences", Usage: "gguf: `N` queries in parallel (default: 16)"},
	}
}

func readLocal(c *cli.Context) open.Local {
	return open.Local{
		Library: c.String("llama-lib"), GPULayers: c.Int("gpu-layers"), MainGPU: c.Int("main-gpu"),
		Split: c.String("gpu-split"), Threads: c.Int("threads"), Sequences: c.Int("sequences"),
		Aggregation: c.String("aggregation"), Command: c.String("command"), Workers: c.Int("workers"),
	}
}

// apiKeyFlag names a file with the key of a server.
func apiKeyFlag() cli.Flag {
	return &cli.StringFlag{Name: "api-key-file", Usage: "`FILE` with the API key of the server (default: OPENAI_API_KEY)"}
}
