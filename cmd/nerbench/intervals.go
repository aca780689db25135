package main

import (
	"github.com/urfave/cli/v2"

	"nerbench/internal/fault"
	"nerbench/metrics/stats"
)

// intervals has the settings of intervals and tests.
type intervals struct {
	resamples int // 0: no intervals
	seed      uint64
}

// intervalFlags returns the flags of commands with intervals or tests.
func intervalFlags(resamples int) []cli.Flag {
	usage := "95 % intervals of `B` resamples, at least 1000"
	if resamples == 0 {
		usage += " (default: none)"
	}
	return []cli.Flag{
		&cli.IntFlag{Name: "ci", Value: resamples, Usage: usage},
		&cli.IntFlag{Name: "seed", Usage: "`SEED` of the intervals and tests"},
		&cli.StringFlag{Name: "row", Usage: "`ID` of the dataset, as part of the seed"},
		&cli.Uint64Flag{Name: "stream-seed", Usage: "`NUMBER` of 64 bits as the whole seed, to check other implementations; --ci may then be any number"},
	}
}

func readIntervals(c *cli.Context) (intervals, error) {
	n := intervals{resamples: c.Int("ci"), seed: stats.DatasetSeed(c.Int("seed"), c.String("row"))}
	if c.IsSet("stream-seed") {
		if c.IsSet("seed") || c.IsSet("row") {
			return n, fault.Usagef("--stream-seed cannot be combined with --seed and --row")
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

// readResamples checks the number of resamples of an interval.
func readResamples(n int) (int, error) {
	if n != 0 && n < 1000 {
		return 0, fault.Usagef("--ci %d: want 0, or at least 1000 resamples", n)
	}
	return n, nil
}
