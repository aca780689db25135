package main

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"nerbench/bundles"
	"nerbench/harness"
	"nerbench/harness/texts"
	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/submissions"
)

func bundleCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:  "bundle",
		Usage: "share runs as a file that others can verify",
		Description: `A bundle has the answers of one model, signed by a key of SSH. It has no text of a
passage; of datasets whose text may not be shown, it has offsets instead of answers.`,
		Subcommands: []*cli.Command{
			{
				Name: "create", Usage: "write runs of one model as a signed bundle", ArgsUsage: "[RUN...]",
				Description: `Each run must be complete and scored, and on another dataset. The same runs give the
same bytes. Addresses of servers and paths are replaced by placeholders. A key with a
passphrase, or the public half of a key, signs by ssh-agent.`,
				Flags: []cli.Flag{
					whereFlag(),
					&cli.StringFlag{Name: "out", Usage: "write to `FILE` (default: named after the model, .nbz)"},
					&cli.StringFlag{Name: "about", Usage: "`FILE` with facts of the model, submitter, declarations (docs/bundles.md)"},
					keyFlag(),
					&cli.BoolFlag{Name: "unsigned", Usage: "write the bundle without a signature"},
				},
				Action: func(c *cli.Context) error { return env.createBundle(c) },
			},
			bundleVerifyCommand(env),
			bundleAttestCommand(env),
		},
	}
}

// keyFlag names the key of a signature.
func keyFlag() cli.Flag {
	return &cli.StringFlag{Name: "key", Usage: "sign with the Ed25519 key in `FILE` (default: ~/.ssh/id_ed25519)"}
}

// openKey opens the key of --key.
func (env *environment) openKey(c *cli.Context) (*bundles.Key, error) {
	return bundles.OpenKey(c.String("key"), env.getenv("SSH_AUTH_SOCK"))
}

func (env *environment) createBundle(c *cli.Context) (err error) {
	switch {
	case c.NArg() == 0 && len(c.StringSlice("where")) == 0:
		return fault.Usagef("bundle create: needs a RUN, or --where KEY=VALUE (nerbench runs list shows the runs)")
	case c.Bool("unsigned") && c.String("key") != "":
		return fault.Usagef("bundle create: --unsigned and --key: want one of them")
	}
	r := submissions.Request{Runs: c.Args().Slice(), Tool: version, Out: c.String("out")}
	if pairs := c.StringSlice("where"); len(pairs) > 0 {
		if r.Where, err = readWhere(pairs, ner.KeyNames()); err != nil {
			return err
		}
	}
	if file := c.String("about"); file != "" {
		if r.About, err = submissions.ReadAbout(file); err != nil {
			return err
		}
	}
	if !c.Bool("unsigned") {
		if r.Key, err = env.openKey(c); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, r.Key.Close()) }()
	}
	made, err := submissions.Create(c.Context, env.bench, r)
	if err != nil {
		return err
	}
	if env.json {
		return env.printJSON(made)
	}
	for _, run := range made.Manifest.Runs {
		if run.Answers.Mode == bundles.WithSpans {
			env.note("%s: offsets instead of answers, since its text may not be shown to others: metrics on strings cannot be verified", run.Dataset())
		}
	}
	return texts.WriteCreated(env.stdout, &made)
}

func bundleVerifyCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name: "verify", Usage: "check a bundle, and compute its scores again", ArgsUsage: "FILE",
		Description: `verify checks the checksums, the signature and the keys of the runs, then parses and
counts the answers again, and compares the counts of every passage. It prints for each
score: verified, claimed (the bundle has no answers for it), differs (and the first
passage), or unchecked (the data is missing).

The exit code is 1 if the bundle is invalid or differs, and 4 if data is missing.`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "signer", Usage: "demand a signature by a public key in `FILE`"},
			&cli.StringSliceFlag{Name: "attestation", Usage: "check a record of bundle attest in `FILE`, too; may be repeated"},
			&cli.BoolFlag{Name: "audit", Usage: "look for answers that were copied from others or from the gold"},
			&cli.StringSliceFlag{Name: "against", Usage: "audit: compare with bundles in `FILE`, a file or a folder; may be repeated"},
		},
		Action: func(c *cli.Context) error {
			switch {
			case c.NArg() != 1:
				return fault.Usagef("bundle verify: needs one FILE")
			case c.Bool("audit") && len(c.StringSlice("against")) == 0:
				return fault.Usagef("bundle verify: --audit: want --against FILE, the bundles to compare with")
			case !c.Bool("audit") && len(c.StringSlice("against")) > 0:
				return fault.Usagef("bundle verify: --against has no effect without --audit")
			}
			return env.verifyBundle(c)
		},
	}
}

func (env *environment) verifyBundle(c *cli.Context) error {
	checked, err := submissions.Check(c.Context, env.bench, submissions.CheckRequest{
		File: c.Args().First(), Signers: c.String("signer"), Attestations: c.StringSlice("attestation"), Against: c.StringSlice("against"),
	})
	if checked.File == "" {
		return err
	}
	if env.json {
		return errors.Join(env.printJSON(checked), err)
	}
	texts.WriteBundle(env.stdout, &checked)
	return err
}

func bundleAttestCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name: "attest", Usage: "ask passages of a bundle again, and sign the outcome", ArgsUsage: "FILE",
		Description: `attest sends some passages of a bundle to MODEL again, with the prompts and settings of
its runs, and writes a signed record: the number of equal answers, both F1, and p. The
bundle's content determines the passages, so that nobody can choose them. bundle verify
--attestation checks the record.`,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "model", Aliases: []string{"m"}, Usage: "`MODEL` to ask"},
			&cli.IntFlag{Name: "spot", Value: 200, Usage: "ask `N` passages of all runs together"},
			&cli.StringFlag{Name: "out", Usage: "write to `FILE` and FILE.sig (default: FILE.attestation.json)"},
			keyFlag(),
			&cli.StringFlag{Name: "card", Usage: "model `CARD` with the settings of the model"},
			&cli.StringFlag{Name: "max-connections", Value: "auto", Usage: "`N` passages at once, or auto"},
			&cli.DurationFlag{Name: "timeout", Usage: "longest `TIME` for one query (default: 10m)"},
			&cli.StringSliceFlag{Name: "base-url", Usage: "`URL` of the server"},
			apiKeyFlag(),
		}, localFlags()...),
		Action: func(c *cli.Context) error { return env.attestBundle(c) },
	}
}

func (env *environment) attestBundle(c *cli.Context) (err error) {
	switch {
	case c.NArg() != 1:
		return fault.Usagef("bundle attest: needs one FILE")
	case c.String("model") == "":
		return fault.Usagef("bundle attest: no model: want -m MODEL")
	case c.Int("spot") < 1:
		return fault.Usagef("bundle attest: --spot %d: want a number from 1", c.Int("spot"))
	}
	r := submissions.AttestRequest{File: c.Args().First(), Spot: c.Int("spot"), Tool: version, Out: c.String("out")}
	r.Request = harness.Request{
		Plan: ner.Plan{Model: c.String("model")}, Card: c.String("card"), Servers: splitCommas(c.StringSlice("base-url")), KeyFile: c.String("api-key-file"),
		Timeout: c.Duration("timeout"), Local: readLocal(c),
	}
	if r.Request.Connections, err = readConnections(c); err != nil {
		return err
	}
	if r.Key, err = env.openKey(c); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Key.Close()) }()
	a, file, err := submissions.Attest(c.Context, env.bench, r)
	if err != nil {
		return err
	}
	made := submissions.Attested{Attestation: a, Signer: r.Key.Signer()}
	if env.json {
		return env.printJSON(made)
	}
	fmt.Fprintf(env.stdout, "wrote %s and %s.sig\n", file, file)
	texts.WriteAttestation(env.stdout, &made)
	return nil
}
