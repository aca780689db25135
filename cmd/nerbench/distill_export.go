package main

import (
	"cmp"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/distill/check"
	"nerbench/distill/export"
	"nerbench/harness/texts"
	"nerbench/internal/fault"
)

func distillExportCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name: "export", Usage: "write training data for a trainer", ArgsUsage: "SET",
		Description: `SET is a folder of distill build. DIR gets the data in the form of the trainer, and
a configuration that runs (docs/distill.md).`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "for", Usage: "`TRAINER`: " + strings.Join(export.Names(), ", ")},
			&cli.StringFlag{Name: "out", Usage: "write into the folder `DIR`"},
			&cli.StringFlag{Name: "corpus-licence", Usage: "hf: `LICENCE` of the corpus, for the card"},
			&cli.StringFlag{Name: "teacher-licence", Usage: "hf: `LICENCE` of the teacher, for the card"},
		},
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 || c.String("for") == "" || c.String("out") == "" {
				return fault.Usagef("distill export: want SET --for TRAINER --out DIR")
			}
			r, err := export.Folder(c.Args().First(), c.String("for"), c.String("out"), export.Options{CorpusLicence: c.String("corpus-licence"), TeacherLicence: c.String("teacher-licence")})
			if err == nil && env.json {
				return env.printJSON(r)
			}
			return cmp.Or(err, texts.WriteExport(env.stdout, r))
		},
	}
}

func distillCheckCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name: "check", Usage: "compare a student with its training data", ArgsUsage: "SET STUDENT",
		Description: `STUDENT is a folder of Hugging Face, a GGUF file, vllm/NAME, or ollama/NAME. Its chat
template and its tokenizer must give what a run of family uniner sends. A good
student gets a model card, in the folder --models, else in SET/cards: it names the
datasets that the student has seen. The exit code is 1 for a student that differs.`,
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "base-url", Usage: "`URL` of the server"},
			apiKeyFlag(), localFlags()[0], // --llama-lib
		},
		Action: func(c *cli.Context) error {
			if c.NArg() != 2 {
				return fault.Usagef("distill check: want SET STUDENT")
			}
			set, student := c.Args().First(), c.Args().Get(1)
			where := check.Where{Library: c.String("llama-lib"), Servers: splitCommas(c.StringSlice("base-url")), KeyFile: c.String("api-key-file"), Getenv: env.getenv}
			r, err := check.Folder(c.Context, set, student, where, cmp.Or(env.models, filepath.Join(set, "cards")))
			if err == nil && env.json {
				return cmp.Or(env.printJSON(r), r.Err())
			}
			return cmp.Or(err, texts.WriteStudent(env.stdout, r))
		},
	}
}
