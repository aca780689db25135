package main

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"nerbench/datasets"
	"nerbench/harness"
	"nerbench/harness/serve"
	"nerbench/reports/site"
)

func serveCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:  "serve",
		Usage: "show the leaderboard of the store in a browser, with live runs",
		Description: `serve answers requests until it is interrupted. It shows the pages of the
leaderboard as the store is now, with the answers of all runs, and the progress of
the runs that other processes make, at the address /live.html. It does not change
the store: tests and intervals that the store does not have are kept in the cache
folder. The first time, they may take minutes; the pages say so meanwhile.

Only this machine can reach the default address. Another address needs a token,
which every reader needs, too: http://HOST:PORT/?token=TOKEN. The connection is not
encrypted: use it in a network that you trust, or behind a proxy.`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "addr", Value: "127.0.0.1:8080", Usage: "listen on `HOST:PORT`; port 0: any free one"},
			&cli.StringFlag{Name: "token-file", Usage: "ask for the token in `FILE` (at least 16 characters)"},
			intervalsFlag(),
			&cli.StringFlag{Name: "text", Value: string(datasets.PublishText), Usage: "show text whose licence permits the `USE`: " + listed(datasets.TextUses)},
			&cli.StringFlag{Name: "answers", Value: string(site.AllAnswers), Usage: "show the `ANSWERS`: " + listed(site.AnswersModes)},
		},
		Action: func(c *cli.Context) error { return env.serve(c) },
	}
}

func (env *environment) serve(c *cli.Context) (err error) {
	request := harness.BoardRequest{Version: version}
	if request.Resamples, err = readResamples(c.Int("ci")); err != nil {
		return err
	}
	if request.Text, err = readChoice("serve: --text", c.String("text"), datasets.TextUses); err != nil {
		return err
	}
	answers, err := readChoice("--answers", c.String("answers"), site.AnswersModes)
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
	source, err := serve.OpenStore(c.Context, env.bench, request, answers, cacheFolder("statistics"))
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
