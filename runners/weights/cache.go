package weights

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"

	"nerbench/internal/atomicfile"
)

// cacheName is the file of the cache for a name: one for each, so that processes do not
// overwrite what others keep.
func (r *Resolver) cacheName(name string) string {
	sum := sha256.Sum256([]byte(name))
	return filepath.Join(r.Cache, hex.EncodeToString(sum[:16])+".json")
}

// cached reads what the cache has for a name. A damaged file is as none.
func (r *Resolver) cached(name string, into any) bool {
	if r.Cache == "" {
		return false
	}
	b, err := os.ReadFile(r.cacheName(name))
	return err == nil && json.Unmarshal(b, into) == nil
}

// keep keeps a value for a name. A failure costs time only: it is computed again.
func (r *Resolver) keep(name string, value any) {
	if r.Cache == "" {
		return
	}
	_ = atomicfile.Write(r.cacheName(name), func(w io.Writer) error { return json.NewEncoder(w).Encode(value) })
}
