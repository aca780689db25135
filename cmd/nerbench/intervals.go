package main

import (
	"github.com/urfave/cli/v2"

	"nerbench/internal/fault"
	"nerbench/metrics/stats"
)

// intervals says how intervals and tests are drawn.
type intervals struct {
	resamples int // 0: no intervals
	seed      uint64
}

// intervalFlags are the flags of commands that draw.
func intervalFlags(resamples int) []cli.Flag {
	usage := "95 % intervals of `B` resamples, at least 1000"
	if resamples == 0 {
		usage += " (default: none)"
	}
	return []cli.Flag{
		&cli.IntFlag{Name: "ci", Value: resamples, Usage: usage},
		&cli.IntFlag{Name: "seed", Usage: "`SEED` of intervals and tests"},
		&cli.StringFlag{Name: "row", Usage: "`ID` of the dataset, whose stream intervals and tests draw from"},
		&cli.Uint64Flag{Name: "stream-seed", Usage: "the seed of the stream itself, instead of --seed and --row: a `NUMBER` of 64 bits, to check the streams; any number of resamples"},
	}
}

func readIntervals(c *cli.Context) (intervals, error) {
	n := intervals{resamples: c.Int("ci"), seed: stats.DatasetSeed(c.Int("seed"), c.String("row"))}
	if c.IsSet("stream-seed") {
		if c.IsSet("seed") || c.IsSet("row") {
			return n, fault.Usagef("--stream-seed excludes --seed and --row")
		}
		n.seed = c.Uint64("stream-seed")
		if n.resamples < 0 {
			return n, fault.Usagef("--ci %d: want 0 or more", n.resamples)
		}
		return n, nil
	}
	var err error
	n.resamples, err = readResamples(n.resamples)
	return n, err
}
