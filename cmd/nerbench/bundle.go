package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"nerbench/bundles"
	"nerbench/internal/fault"
	"nerbench/internal/terminal"
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
				Name: "create", Usage: "write runs of one model as a signed bundle", ArgsUsage: "RUN...",
				Description: `Each run must be complete and scored, and on another dataset. The same runs give the
same bytes. Addresses of servers and paths are replaced by marks. A key with a
passphrase, or the public half of a key, signs by ssh-agent.`,
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "out", Usage: "write to `FILE` (default: named after the model, .nbz)"},
					&cli.StringFlag{Name: "about", Usage: "`FILE` with facts of the model, submitter, declarations (docs/bundles.md)"},
					keyFlag(),
					&cli.BoolFlag{Name: "unsigned", Usage: "write the bundle without a signature"},
				},
				Action: func(c *cli.Context) error { return env.createBundle(c) },
			},
			bundleVerifyCommand(env),
		},
	}
}

// keyFlag names the key of a signature.
func keyFlag() cli.Flag {
	return &cli.StringFlag{Name: "key", Usage: "sign with the Ed25519 key in `FILE` (default: ~/.ssh/id_ed25519)"}
}

// openKey opens the key of --key.
func (env *environment) openKey(c *cli.Context) (*bundles.Key, error) {
	path := c.String("key")
	if path == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil, fmt.Errorf("key: %w", err)
		}
		path = filepath.Join(home, ".ssh", "id_ed25519")
	}
	return bundles.OpenKey(path, env.getenv("SSH_AUTH_SOCK"))
}

func (env *environment) createBundle(c *cli.Context) (err error) {
	switch {
	case c.NArg() == 0:
		return fault.Usagef("bundle create: needs a RUN (nerbench runs list shows them)")
	case c.Bool("unsigned") && c.String("key") != "":
		return fault.Usagef("bundle create: --unsigned and --key: want one of them")
	}
	r := submissions.Request{Runs: c.Args().Slice(), Tool: version, Out: c.String("out")}
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
	passages := 0
	for _, run := range made.Manifest.Runs {
		passages += run.Passages
		if run.Answers.Mode == bundles.WithSpans {
			env.note("%s: offsets instead of answers, since its text may not be shown to others: metrics on strings cannot be verified", run.Dataset())
		}
	}
	_, err = fmt.Fprintf(env.stdout, "wrote %s: %s, %d runs, %d passages, %s\n", made.File, terminal.Printable(made.Manifest.Model.Name), len(made.Manifest.Runs), passages, signerText(made.Signer))
	return err
}

// signerText says who signed.
func signerText(s *bundles.Signer) string {
	if s == nil {
		return "not signed"
	}
	return "signed by " + s.Fingerprint
}

func bundleVerifyCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name: "verify", Usage: "check a bundle, and compute its scores again", ArgsUsage: "FILE",
		Description: `verify checks the checksums, the signature and the keys of the runs, then parses and
counts the answers again, and compares the counts of every passage. It prints for each
score: verified, claimed (the bundle has no answers for it), differs (and the first
passage), or unchecked (the data is missing).

The exit code is 1 if the bundle is wrong, and 4 if data is missing.`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "signer", Usage: "demand a signature by a public key in `FILE`"},
		},
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return fault.Usagef("bundle verify: needs one FILE")
			}
			return env.verifyBundle(c)
		},
	}
}

func (env *environment) verifyBundle(c *cli.Context) error {
	var signers []*bundles.Signer
	if file := c.String("signer"); file != "" {
		var err error
		if signers, err = bundles.ReadSigners(file); err != nil {
			return fault.Usagef("bundle verify: --signer: %v", err)
		}
	}
	report, err := submissions.Verify(c.Context, env.bench, c.Args().First())
	if report.File == "" {
		return err
	}
	if signers != nil {
		err = errors.Join(submissions.CheckSigner(report.File, report.Signer, signers), err)
	}
	return errors.Join(env.printReport(c.Context, &report), err)
}

func (env *environment) printReport(_ context.Context, r *submissions.Report) error {
	if env.json {
		return env.printJSON(r)
	}
	return writeReportText(env.stdout, r)
}

// writeReportText prints a report for people.
func writeReportText(w io.Writer, r *submissions.Report) error {
	fmt.Fprintf(w, "%s: %s, by nerbench %s, %s\n", r.File, terminal.Printable(r.Model.Name), terminal.Printable(r.Tool), signerText(r.Signer))
	for _, run := range r.Runs {
		fmt.Fprintf(w, "\nrun %s on %s, %d passages, %s\n", run.ID, terminal.Printable(run.Dataset), run.Passages, dataText(run.Data))
		if run.Unchecked != "" {
			fmt.Fprintf(w, "  not scored again: %s\n  checked: checksums, keys, signature lines, and the sums of all counts\n", terminal.Line(run.Unchecked))
		}
		for _, m := range run.Metrics {
			figure := "–"
			if m.F1 != nil {
				figure = fmt.Sprintf("%.2f", 100**m.F1)
			}
			fmt.Fprintf(w, "  %-10s %6s  %s%s\n", m.Verdict, figure, m.ID, cmp.Or(prefixed(": ", terminal.Line(m.Why)), ""))
		}
	}
	return nil
}

func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

func dataText(data string) string {
	switch data {
	case submissions.DataRecorded:
		return "on the recorded release"
	case submissions.DataOther:
		return "on another release than the recorded one"
	}
	return "no recorded release to compare with"
}
