package main

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"nerbench/bundles"
	"nerbench/harness/texts"
	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/submissions/repository"
)

func boardCommand(env *environment) *cli.Command {
	board := &cli.StringFlag{Name: "board", Value: ".", Usage: "`DIR` of the repository"}
	return &cli.Command{
		Name:  "board",
		Usage: "keep submissions of many people in a git repository",
		Description: `A repository of submissions has one file for each run, which people read in a diff,
and its answers beside it. docs/bundles.md describes it, and docs/submit.md how to use it.`,
		Subcommands: []*cli.Command{
			{
				Name: "init", Usage: "make a repository in an empty folder", ArgsUsage: "DIR",
				Description: `init writes board.toml (the built-in board), an empty log, and the checks of pull
requests for GitHub. docs/submit.md describes how to keep a repository.`,
				Action: func(c *cli.Context) error {
					if c.NArg() != 1 {
						return fault.Usagef("board init: needs one DIR")
					}
					return env.initBoard(c.Args().First())
				},
			},
			{
				Name: "add", Usage: "add the runs of a bundle to a repository", ArgsUsage: "FILE",
				Description: `add writes the runs, their answers, and the public key of a new USER. An existing run is
not replaced. The signature of a bundle of one run is kept; of another one, each run is
signed again.`,
				Flags: []cli.Flag{board, &cli.StringFlag{Name: "user", Usage: "`NAME` of the submitter, as on the site of the repository"}, keyFlag()},
				Action: func(c *cli.Context) error {
					if c.NArg() != 1 {
						return fault.Usagef("board add: needs one FILE, a bundle")
					}
					return env.addToBoard(c)
				},
			},
			{
				Name: "export", Usage: "write runs of a repository as bundles", ArgsUsage: "[RUN]",
				Description: `Bundles are for bundle verify and bundle attest. RUN is the beginning of its id. With
--all, each run of the repository becomes a bundle in the folder OUT, for bundle verify
--audit --against OUT.`,
				Flags: []cli.Flag{
					board,
					&cli.StringFlag{Name: "out", Usage: "write to `OUT` (default: RUN.nbz)"},
					&cli.BoolFlag{Name: "all", Usage: "all runs, into the folder OUT"},
				},
				Action: func(c *cli.Context) error {
					switch {
					case c.Bool("all") && (c.NArg() > 0 || c.String("out") == ""):
						return fault.Usagef("board export: --all: want --out and no RUN")
					case c.Bool("all"):
						return env.exportBoard(c)
					case c.NArg() != 1 || c.Args().First() == "":
						return fault.Usagef("board export: needs one RUN, or --all")
					}
					run := c.Args().First()
					return env.exportFromBoard(c, run, cmp.Or(c.String("out"), run+".nbz"))
				},
			},
			{
				Name: "build", Usage: "write the leaderboard of a repository as web pages",
				Description: `build verifies the repository as "board verify" does, and writes pages as "site build"
does, of the runs that are not withdrawn. The scores are computed from the answers.
board.toml lists the suites, tracks and tiers to rank. The runs of your store are not
used. Nothing is written if there are faults, or if data is missing; with --skip, those
submissions are left out, and the exit code is 3. Tests and intervals are kept in
cache/pairs of the repository.`,
				Flags: []cli.Flag{
					board,
					&cli.StringFlag{Name: "out", Usage: "write into the folder `DIR` (default: " + repository.DefaultSite + " of the repository)"},
					&cli.BoolFlag{Name: "skip", Usage: "skip runs that have faults or cannot be scored again"},
					intervalsFlag(), answersFlag(), sizeFlag(),
				},
				Action: func(c *cli.Context) error {
					return env.buildBoard(c)
				},
			},
			{
				Name: "verify", Usage: "check a repository, and compute its scores again",
				Description: `verify checks the layout, the sizes, the signature of each run by its user, and the
scores, as bundle verify does. With --changed-since, it scores only new runs, and merged
runs, answers and records must be unchanged; the log may only grow. It prints the
difference of each new run from the models of the key references of board.toml. It lists
changed files that a person must review: board.toml, .github, the keys and models of
others, new attestations, and the log if a run is withdrawn. It runs no program of the
repository.

The exit code is 1 if there are faults, and 4 if data is missing.`,
				Flags: []cli.Flag{board, &cli.StringFlag{Name: "changed-since", Usage: "score only runs that are new since `COMMIT`"}},
				Action: func(c *cli.Context) error {
					return env.verifyBoard(c)
				},
			},
		},
	}
}

// blobs are answers that a repository does not have: in the user's cache folder.
func blobs() repository.Blobs { return repository.Blobs{Cache: cacheFolder("blobs")} }

func (env *environment) initBoard(dir string) error {
	if err := repository.Init(dir); err != nil {
		return err
	}
	if env.json {
		return env.printJSON(map[string]string{"board": dir})
	}
	_, err := fmt.Fprintf(env.stdout, "wrote %s: edit board.toml and .github/workflows/verify.yml, then commit the folder\n", dir)
	return err
}

func (env *environment) addToBoard(c *cli.Context) (err error) {
	if c.String("user") == "" {
		return fault.Usagef("board add: no user: want --user NAME")
	}
	r := repository.AddRequest{Dir: c.String("board"), File: c.Args().First(), User: c.String("user"), Blobs: blobs()}
	key, missing := env.openKey(c)
	if missing == nil {
		r.Key = key
		defer func() { err = errors.Join(err, key.Close()) }()
	} else if c.String("key") != "" {
		return missing
	}
	added, err := repository.Add(c.Context, r)
	switch {
	case errors.Is(err, bundles.ErrNoKey):
		return fmt.Errorf("board add: each run needs a signature: %w", missing)
	case err != nil:
		return err
	}
	if env.json {
		return env.printJSON(added)
	}
	return texts.WriteAdded(env.stdout, &added)
}

func (env *environment) exportFromBoard(c *cli.Context, run, out string) error {
	if err := repository.Export(c.Context, c.String("board"), run, out, blobs()); err != nil {
		return err
	}
	if env.json {
		return env.printJSON(map[string]string{"file": out})
	}
	_, err := fmt.Fprintf(env.stdout, "wrote %s\n", out)
	return err
}

func (env *environment) exportBoard(c *cli.Context) error {
	files, err := repository.ExportAll(c.Context, c.String("board"), c.String("out"), blobs())
	if err != nil {
		return err
	}
	if env.json {
		return env.printJSON(map[string][]string{"files": files})
	}
	_, err = fmt.Fprintf(env.stdout, "wrote %s into %s\n", ner.Count(len(files), "bundle"), c.String("out"))
	return err
}

func (env *environment) buildBoard(c *cli.Context) error {
	env.collectAfter(collectBoardAt)
	r := repository.BuildRequest{Dir: c.String("board"), Skip: c.Bool("skip"), Blobs: blobs(), Notes: cacheFolder("boards")}
	r.Out = cmp.Or(c.String("out"), filepath.Join(r.Dir, filepath.FromSlash(repository.DefaultSite)))
	var err error
	if r.Site, err = readSite(c); err != nil {
		return err
	}
	done, err := repository.Build(c.Context, env.bench, r)
	if done.Files == 0 {
		return err
	}
	if env.json {
		return errors.Join(env.printJSON(done), err)
	}
	return errors.Join(texts.WriteBuilt(env.stdout, &done), err)
}

func (env *environment) verifyBoard(c *cli.Context) error {
	v, err := repository.Verify(c.Context, env.bench, c.String("board"), c.String("changed-since"), blobs())
	if v.Files == 0 {
		return err
	}
	if env.json {
		return errors.Join(env.printJSON(v), err)
	}
	return errors.Join(texts.WriteRepository(env.stdout, &v), err)
}
