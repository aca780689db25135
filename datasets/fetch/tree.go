package fetch

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Entry is a file of a model of the hub at one commit.
type Entry struct {
	Path  string
	Bytes int64
	// SHA256 is the checksum of a file in the storage of large files; empty for a file
	// in the git repository itself, which is small.
	SHA256 string
	// Blob is the name of the file's content in git: the SHA-1 of its size and bytes, or
	// of the pointer of a large file.
	Blob string
}

// mostPages limits the pages of a list of files: each has up to 1,000 of them.
const mostPages = 100

// Tree lists the files of a model at a commit.
func (h Hub) Tree(ctx context.Context, client *http.Client, model, commit string) ([]Entry, error) {
	base := h.Endpoint + "/api/models/" + escapePath(model) + "/tree/" + url.PathEscape(commit)
	query := "recursive=true"
	var files []Entry
	for range mostPages {
		var page []struct {
			Type, OID, Path string
			Size            int64
			LFS             *struct {
				OID  string
				Size int64
			}
		}
		header, err := h.get(ctx, client, "model "+model, base+"?"+query, func(in io.Reader) error { return json.NewDecoder(in).Decode(&page) })
		if err != nil {
			return nil, err
		}
		for _, f := range page {
			if f.Type != "file" {
				continue
			}
			e := Entry{Path: f.Path, Bytes: f.Size, Blob: f.OID}
			if f.LFS != nil {
				e.SHA256, e.Bytes = strings.TrimPrefix(f.LFS.OID, "sha256:"), f.LFS.Size
			}
			files = append(files, e)
		}
		if query = nextQuery(header); query == "" {
			return files, nil
		}
	}
	return nil, fmt.Errorf("hub: model %s: more than %d pages of files", model, mostPages)
}

// nextQuery is the query of the next page of a list; empty if there is none. The rest of
// its address is ignored: a mirror may pass on that of the hub.
func nextQuery(header http.Header) string {
	for _, link := range strings.Split(strings.Join(header.Values("Link"), ","), ",") {
		address, rel, _ := strings.Cut(link, ";")
		if !strings.Contains(rel, `rel="next"`) {
			continue
		}
		if u, err := url.Parse(strings.Trim(strings.TrimSpace(address), "<>")); err == nil {
			return u.RawQuery
		}
	}
	return ""
}

// errBlob reports a small file that is not the one of the list.
var errBlob = errors.New("its content is not that of the commit")

// Sum is the SHA-256 of a file of a model, in hexadecimal. A small file is downloaded,
// and compared with its name in git.
func (h Hub) Sum(ctx context.Context, client *http.Client, model, commit string, e Entry) (string, error) {
	if e.SHA256 != "" {
		return e.SHA256, nil
	}
	address := h.Endpoint + "/" + escapePath(model) + "/resolve/" + url.PathEscape(commit) + "/" + escapePath(e.Path)
	blob, sum := sha1.New(), sha256.New()
	fmt.Fprintf(blob, "blob %d\x00", e.Bytes)
	_, err := h.get(ctx, client, "model "+model+": "+e.Path, address, func(in io.Reader) error {
		if _, err := io.Copy(io.MultiWriter(blob, sum), in); err != nil {
			return err
		}
		if hexOf(blob) != e.Blob {
			return errBlob
		}
		return nil
	})
	return hexOf(sum), err
}

func hexOf(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }
