package serve

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"nerbench/harness"
	"nerbench/internal/atomicfile"
)

// keptStatistics are what is slow to compute from a store: tests, intervals and sums over
// answers. They are kept from one site to the next, and in a file for the next server. A
// store that keeps them itself needs no file: it is read first.
type keptStatistics struct {
	file  string // empty: none
	known harness.Statistics
	saved string // content of the file
}

// openKept reads the file of a store. One that is missing or damaged is like an empty one.
func openKept(folder, store string) keptStatistics {
	k := keptStatistics{known: harness.NewStatistics()}
	path, err := filepath.Abs(store)
	if folder == "" || err != nil {
		return k
	}
	sum := sha256.Sum256([]byte(path))
	k.file = filepath.Join(folder, hex.EncodeToString(sum[:8])+".txt")
	if text, err := os.ReadFile(k.file); err == nil {
		k.saved = string(text)
		k.known.Read(k.saved)
	}
	return k
}

// cache is that of the next board.
func (k *keptStatistics) cache() *harness.StatisticsCache {
	c := harness.NewStatisticsCache(k.known)
	c.Costs = true
	return c
}

// save keeps all that a board has, and nothing of earlier ones.
func (k *keptStatistics) save(c *harness.StatisticsCache) error {
	k.known = c.All()
	content := k.known.String()
	if k.file == "" || content == k.saved {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(k.file), 0o700); err != nil {
		return err
	}
	if err := atomicfile.Write(k.file, func(w io.Writer) error { _, err := io.WriteString(w, content); return err }); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	k.saved = content
	return nil
}
