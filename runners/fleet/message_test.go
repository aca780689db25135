package fleet

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// TestMessagesAreLimited: a message that unpacks to more than any message has is refused.
func TestMessagesAreLimited(t *testing.T) {
	bomb := packer().EncodeAll(make([]byte, largestText+1), nil)
	half := packer().EncodeAll(make([]byte, largestText/2+1), nil)
	for name, data := range map[string][]byte{"one frame": bomb, "two frames": slices.Concat(half, half)} {
		if err := decode(data, &claim{}); !errors.Is(err, zstd.ErrDecoderSizeExceeded) {
			t.Errorf("%s, %d bytes: %v", name, len(data), err)
		}
	}
	data, err := encode(claim{Node: strings.Repeat("a", largest)})
	var c claim
	if err == nil {
		err = decode(data, &c)
	}
	if err != nil || len(c.Node) != largest {
		t.Errorf("%d bytes, %v", len(c.Node), err)
	}
}
