package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/datasets"
	"nerbench/harness"
	"nerbench/harness/serve"
	"nerbench/internal/fault"
	"nerbench/metrics/stats"
	"nerbench/reports/site"
)

func serveCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:  "serve",
		Usage: "show the leaderboard of the store in a browser, with live runs",
		Description: `serve answers requests until it is interrupted. It shows the pages of the
leaderboard as the store is now, with the answers of all runs, and the progress of
the runs that other processes make, at the address /live.html. It does not change
the store.

Only this machine can reach the default address. Another address needs a token,
which every reader needs, too: http://HOST:PORT/?token=TOKEN. The connection is not
encrypted: use it in a network that you trust, or behind a proxy.`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "addr", Value: "127.0.0.1:8080", Usage: "listen on `HOST:PORT`; port 0: any free one"},
			&cli.StringFlag{Name: "token-file", Usage: "ask for the token in `FILE` (at least 16 characters)"},
			&cli.IntFlag{Name: "ci", Value: stats.Resamples, Usage: "95 % intervals of `N` resamples; 0: none"},
			&cli.StringFlag{Name: "text", Value: string(datasets.PublishText), Usage: "show text whose licence permits the `USE`: " + listUses()},
			&cli.StringFlag{Name: "answers", Value: string(site.AllAnswers), Usage: "show the `ANSWERS`: " + listAnswers()},
		},
		Action: func(c *cli.Context) error { return env.serve(c) },
	}
}

// listAnswers lists the choices of answers.
func listAnswers() string {
	names := make([]string, len(site.AnswersModes))
	for i, mode := range site.AnswersModes {
		names[i] = string(mode)
	}
	return strings.Join(names, ", ")
}

func (env *environment) serve(c *cli.Context) (err error) {
	if c.NArg() > 0 {
		return fault.Usagef("serve: unexpected argument %q", c.Args().First())
	}
	request := harness.BoardRequest{Version: version, Text: datasets.TextRule(c.String("text"))}
	if request.Resamples, err = readResamples(c.Int("ci")); err != nil {
		return err
	}
	if !slices.Contains(datasets.TextUses, request.Text) {
		return fault.Usagef("serve: --text %q: want one of %s", request.Text, listUses())
	}
	answers, err := readAnswers(c.String("answers"))
	if err != nil {
		return err
	}
	o := serve.Options{Addr: c.String("addr"), Note: func(message string) { env.note("%s", message) }}
	if o.Token, err = serve.ReadToken(c.String("token-file")); err != nil {
		return err
	}
	if err := o.Check(); err != nil {
		return err
	}
	source, err := serve.OpenStore(c.Context, env.bench, request, answers)
	if err != nil {
		return err
	}
	o.Listening = func(url string) {
		if env.json {
			_ = env.printJSON(map[string]string{"url": url}) // a fault of the output is found at the end
			return
		}
		fmt.Fprintf(env.stdout, "ranking:   %s/\nlive runs: %s/live.html\n", url, url)
	}
	return errors.Join(serve.Serve(c.Context, source, o), source.Close())
}
