package fetch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"nerbench/internal/httpclient"
	"nerbench/internal/names"
)

// Hub is the Hugging Face hub, configured by its environment variables.
type Hub struct {
	Endpoint string // HF_ENDPOINT, or the public hub
	Token    string // HF_TOKEN, or the content of HF_HOME/token
	Home     string // HF_HOME, the cache of other programs
}

// NewHub reads the environment variables.
func NewHub(getenv func(string) string) Hub {
	h := Hub{Endpoint: strings.TrimSuffix(getenv("HF_ENDPOINT"), "/"), Token: getenv("HF_TOKEN"), Home: getenv("HF_HOME")}
	if h.Endpoint == "" {
		h.Endpoint = "https://huggingface.co"
	}
	if h.Home == "" && getenv("HOME") != "" {
		h.Home = filepath.Join(getenv("HOME"), ".cache", "huggingface")
	}
	if h.Token == "" && h.Home != "" {
		if b, err := os.ReadFile(filepath.Join(h.Home, "token")); err == nil {
			h.Token = strings.TrimSpace(string(b))
		}
	}
	return h
}

// Listing is a dataset of the hub at one revision.
type Listing struct {
	ID       string
	Revision string // the full commit, to which downloads are pinned
	Files    []string
}

// The limits of a listing: those of the hub are answered in seconds.
const (
	listingWait  = 2 * time.Minute
	listingBytes = 32 << 20
)

// List lists the files of a dataset. The empty revision means the newest one. Names
// that [names.Local] refuses are left out: no download can use them.
func (h Hub) List(ctx context.Context, client *http.Client, id, revision string) (Listing, error) {
	address := h.Endpoint + "/api/datasets/" + escapePath(id)
	if revision != "" {
		address += "/revision/" + url.PathEscape(revision)
	}
	var body struct {
		SHA      string
		Siblings []struct{ RFilename string }
	}
	if _, err := h.get(ctx, client, "dataset "+id, address, func(in io.Reader) error { return json.NewDecoder(in).Decode(&body) }); err != nil {
		return Listing{}, err
	}
	if body.SHA == "" {
		return Listing{}, fmt.Errorf("hub: dataset %s: the response has no revision", id)
	}
	if _, err := names.Element(body.SHA); err != nil {
		return Listing{}, fmt.Errorf("hub: dataset %s: revision %w", id, err)
	}
	l := Listing{ID: id, Revision: body.SHA}
	for _, s := range body.Siblings {
		if local, err := names.Local(s.RFilename); err == nil && local == s.RFilename {
			l.Files = append(l.Files, local)
		}
	}
	return l, nil
}

// get requests a small file or a list, and lets read take its content. what names it in
// errors.
func (h Hub) get(ctx context.Context, client *http.Client, what, address string, read func(io.Reader) error) (http.Header, error) {
	limited, cancel := context.WithTimeout(ctx, listingWait)
	defer cancel()
	r, err := http.NewRequestWithContext(limited, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("hub: HF_ENDPOINT %q: not a URL", httpclient.Redact(h.Endpoint)) // the error of the parser may quote a password
	}
	if h.Token != "" {
		r.Header.Set("Authorization", "Bearer "+h.Token)
	}
	answer, err := httpclient.Download(client).Do(r)
	if err != nil {
		return nil, fmt.Errorf("hub: %s: %w", httpclient.Redact(h.Endpoint), httpclient.Bearer(h.Token).Hide(plain(err)))
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("hub: %s: %w", what, &StatusError{URL: httpclient.Redact(address), Status: answer.StatusCode})
	}
	if err := read(io.LimitReader(answer.Body, listingBytes)); err != nil {
		return nil, fmt.Errorf("hub: %s: %w", what, httpclient.Bearer(h.Token).Hide(err))
	}
	return answer.Header, nil
}

// URL is the address of a file of a listing.
func (h Hub) URL(l Listing, file string) string {
	return h.Endpoint + "/datasets/" + escapePath(l.ID) + "/resolve/" + url.PathEscape(l.Revision) + "/" + escapePath(file)
}

// Cached is the path of a file that another program downloaded to HF_HOME. The
// error wraps [os.ErrNotExist] if there is no such file.
func (h Hub) Cached(l Listing, file string) (string, error) {
	if h.Home == "" {
		return "", fmt.Errorf("HF_HOME: %w", os.ErrNotExist)
	}
	if _, err := names.Local(file); err != nil {
		return "", err
	}
	folder, err := names.Element("datasets--" + strings.ReplaceAll(l.ID, "/", "--"))
	if err != nil {
		return "", err
	}
	name := filepath.Join(h.Home, "hub", folder, "snapshots", l.Revision, filepath.FromSlash(file))
	info, err := os.Stat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a file")
	}
	return name, err
}

func escapePath(p string) string {
	parts := strings.Split(p, "/")
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	return strings.Join(parts, "/")
}
