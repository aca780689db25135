package fleet

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"time"
)

// rosterSuffix is what the name of the file with the workers adds to that of the file for
// workers.
const rosterSuffix = ".workers"

// awaitFormer reads which workers the former coordinator of the store had, unless it has
// ended and left nothing with them. They may keep answers that are not stored, so that no
// passage is given out until they have offered these, or were awaited for long enough.
func (c *Coordinator) awaitFormer() {
	text, err := os.ReadFile(c.path + rosterSuffix)
	former := map[string]string{}
	if err != nil || json.Unmarshal(text, &former) != nil || len(former) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.awaited = former
	c.background(func() {
		select {
		case <-c.live.Done():
		case <-time.After(c.config.Times.Return):
			c.mu.Lock()
			defer c.mu.Unlock()
			c.stopAwaiting()
		}
	})
}

// stopAwaiting lets passages be given out, whoever is missing. It is called with the lock
// held.
func (c *Coordinator) stopAwaiting() {
	if len(c.awaited) == 0 {
		return
	}
	c.config.Note(fmt.Sprintf("workers not back after %s: %s; answers that they keep may be asked again",
		c.config.Times.Return, strings.Join(slices.Sorted(maps.Values(c.awaited)), ", ")))
	c.awaited = nil
	c.noteRoster()
	c.resize()
}

// back notes that a worker of the former coordinator has offered what it keeps, or has
// nothing to offer. It is called with the lock held.
func (c *Coordinator) back(id string) {
	if _, was := c.awaited[id]; was {
		delete(c.awaited, id)
		c.resize()
	}
}

// noteRoster writes down which workers there are. It is called with the lock held.
func (c *Coordinator) noteRoster() {
	all := maps.Clone(c.awaited)
	if all == nil {
		all = map[string]string{}
	}
	for id, m := range c.members {
		all[id] = m.name()
	}
	text, err := json.MarshalIndent(all, "", "  ")
	if err == nil {
		err = replaceFile(c.path+rosterSuffix, text, false)
	}
	if err != nil && !c.unlisted { // the next coordinator may ask for what they keep
		c.unlisted = true
		c.config.Note(fmt.Sprintf("fleet: %s: %v", c.path+rosterSuffix, err))
	}
}

// removeRoster removes the list of workers at the end of a coordinator that has left nothing
// with them.
func (c *Coordinator) removeRoster() {
	if err := os.Remove(c.path + rosterSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		c.config.Note(fmt.Sprintf("fleet: %v", err))
	}
}
