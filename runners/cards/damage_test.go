package cards_test

import (
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"nerbench/internal/campaign"
	"nerbench/runners/cards"
)

// TestDamagedCards: a damaged card is read, or refused with its file in an error that
// is not long, within bounded memory.
func TestDamagedCards(t *testing.T) {
	c := campaign.Start(t, campaign.Size{Short: 1000, Full: 100_000})
	data := os.DirFS("data")
	names, err := fs.Glob(data, "*.toml")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for n := range c.Tries {
		text, err := fs.ReadFile(data, names[n%len(names)])
		if err != nil {
			t.Fatal(err)
		}
		damaged := campaign.Damage(c.Random, text)
		used := campaign.Memory(t, func() { _, err = cards.Read(fstest.MapFS{"x.toml": {Data: damaged}}) })
		switch {
		case used > 16<<20:
			t.Errorf("%d MiB were allocated", used>>20)
		case err == nil:
			c.Saw(1, "were read")
		case len(err.Error()) > 1000 || !strings.Contains(err.Error(), "x.toml"):
			t.Errorf("error of %d bytes: %.500q", len(err.Error()), err)
		default:
			c.Saw(1, "were refused")
		}
	}
}
