package cards

import (
	"strings"
	"testing"
	"testing/fstest"
)

// The name of a card is a file name on every system.
func TestNameOfCard(t *testing.T) {
	const card = "title = \"House\"\nfamily = \"uniner\"\nvariant = \"repo\"\nshape = \"chat\"\n"
	for name, want := range map[string]string{
		"house.toml": "", "nul.toml": "Windows reserves it for a device", "com1.x.toml": "Windows reserves it for a device", "a b.toml": "want lower-case letters",
		strings.Repeat("x", 300) + ".toml": "more than 255 bytes",
	} {
		folder, err := ReadFolder(fstest.MapFS{name: {Data: []byte(card)}})
		if err != nil {
			t.Fatal(err)
		}
		if got := folder.Faults[strings.TrimSuffix(name, ".toml")]; (got == nil) != (want == "") || got != nil && !strings.Contains(got.Error(), want) {
			t.Errorf("%.20s: %v, want %q", name, got, want)
		}
	}
}
