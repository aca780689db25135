package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nerbench/internal/campaign"
	"nerbench/runners/runnertest/faults"
)

// TestHostileDownloads: what hostile servers do to a listing of the hub and to a download.
// The file is the published one or missing, and no other file remains but the beginning of
// a transfer.
func TestHostileDownloads(t *testing.T) {
	c := campaign.Start(t, faults.Tries())
	const token = "hf_very_secret"
	body := `{"sha":"abc","text":"Mira left Essa.","siblings":[{"rfilename":"test.jsonl"}]}`
	sum := sha256.Sum256([]byte(body))
	faults.AttackAll(t, c, faults.Client{
		Upstream: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) }),
		Query:    func(path string) bool { return strings.Contains(path, "/resolve/") },
		Secrets:  []string{token},
		Download: true,
		Ask: func(address string, limit time.Duration, random *rand.Rand) (string, error) {
			client, dir := quick(t)
			client.Tries, client.Stall, client.Largest = 2, limit, 1<<20
			// A server that asks to wait would keep the client for a minute.
			ctx, cancel := context.WithTimeout(t.Context(), min(4*limit, 5*time.Second))
			defer cancel()
			hub := Hub{Endpoint: address, Token: token}
			l, err := hub.List(ctx, nil, "nobody/mini", "")
			if err != nil {
				return "", err
			}
			file := File{URL: hub.URL(l, "test.jsonl"), To: "test.jsonl", Token: token, SHA256: hex.EncodeToString(sum[:])}
			if random.IntN(2) == 0 {
				file.Bytes = int64(len(body))
			}
			err = client.Fetch(ctx, file)
			checkLeft(t, dir, body, err)
			return body, err
		},
	})
}

// checkLeft checks the files that a download leaves.
func checkLeft(t *testing.T, dir, want string, failure error) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(dir, name))
		switch {
		case err != nil:
			return err
		case name == "test.jsonl" && (failure != nil || string(content) != want):
			t.Errorf("%s is %.200q, %v", name, content, failure)
		case name != "test.jsonl" && name != ".test.jsonl.fetched" && (failure == nil || !strings.HasPrefix(name, "test.jsonl.part") || len(content) > 2<<20):
			t.Errorf("%s remains, with %d bytes, %v", name, len(content), failure)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
