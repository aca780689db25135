package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// File is one file to bring here.
type File struct {
	URL string
	To  string // its name here
	// SHA256 is its checksum, in hexadecimal; empty where nobody knows it.
	SHA256 string
	Bytes  int64 // its size; 0 where nobody knows it
	// Token is sent as the bearer's token; it is never sent to another host.
	Token string
}

// Client brings files. The zero value is ready to use.
type Client struct {
	HTTP *http.Client // nil: the default one, which honours HTTPS_PROXY
	// Tries is how often a transfer is begun or continued before it is given up; 0
	// is 5. What is not the published file twice is given up at once.
	Tries int
	// Wait is the time before the second try, which doubles from try to try; 0 is a
	// second. A server's Retry-After is honoured up to a minute.
	Wait time.Duration
	// Progress, if it is not nil, is told how much of a file is here, of how much (0
	// if unknown). It may be called from several goroutines for several files.
	Progress func(f File, here, of int64)
}

// StatusError is a refusal of the server.
type StatusError struct {
	URL    string
	Status int
	after  time.Duration
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("%s: the server says %d %s", e.URL, e.Status, http.StatusText(e.Status))
}

// temporary reports whether the same question may get another answer.
func (e *StatusError) temporary() bool {
	return e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestTimeout || e.Status >= 500
}

// errOther is a transfer that ended in something else than what was published.
var errOther = errors.New("not the published file")

// Fetch brings one file here. It goes on with what a transfer before it left, and
// tries again when the connection breaks.
func (c *Client) Fetch(ctx context.Context, f File) error {
	if err := os.MkdirAll(filepath.Dir(f.To), 0o755); err != nil {
		return fmt.Errorf("fetch: %w", err)
	}
	wait := c.Wait
	if wait == 0 {
		wait = time.Second
	}
	tries := c.Tries
	if tries == 0 {
		tries = 5
	}
	var err error
	others := 0
	for try := 1; ; try++ {
		before := partSize(f.To)
		if err = c.transfer(ctx, f); err == nil {
			return nil
		}
		var refused *StatusError
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &refused) && !refused.temporary(), errors.Is(err, errLocal):
			return fmt.Errorf("fetch: %w", err)
		case errors.Is(err, errOther):
			dropPart(f.To) // from the start again: part of it may be of another file
			if others++; others == 2 {
				tries = try
			}
		case partSize(f.To) > before:
			try = min(try, tries-1) // it goes forward
		}
		if try >= tries {
			return fmt.Errorf("fetch: %s: given up after %d tries: %w", f.URL, tries, err)
		}
		pause := wait << (try - 1)
		if refused != nil && refused.after > 0 {
			pause = min(refused.after, time.Minute)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(min(pause, time.Minute)):
		}
	}
}

// errLocal marks what goes wrong on this machine: asking again does not help.
var errLocal = errors.New("on this machine")

// transfer begins or continues a transfer, to its end.
func (c *Client) transfer(ctx context.Context, f File) error {
	here, mark := partState(f.To)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, f.URL, nil)
	if err != nil {
		return errors.Join(errLocal, err)
	}
	r.Header.Set("Accept-Encoding", "identity") // lengths and ranges are those of the file
	if f.Token != "" {
		r.Header.Set("Authorization", "Bearer "+f.Token)
	}
	if here > 0 {
		r.Header.Set("Range", fmt.Sprintf("bytes=%d-", here))
		if mark != "" {
			r.Header.Set("If-Range", mark)
		}
	}
	client := c.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	at, total, err := beginning(answer, here)
	if err != nil {
		if answer.StatusCode == http.StatusRequestedRangeNotSatisfiable {
			dropPart(f.To)
		}
		return err
	}
	if err := c.write(f, answer, at, total); err != nil {
		return err
	}
	return finish(f, total)
}

// beginning says where in the file an answer begins, and how long the file is; 0
// if the server does not tell.
func beginning(answer *http.Response, here int64) (at, total int64, err error) {
	switch answer.StatusCode {
	case http.StatusOK:
		return 0, max(answer.ContentLength, 0), nil
	case http.StatusPartialContent:
		of := strings.TrimPrefix(answer.Header.Get("Content-Range"), "bytes ")
		span, size, _ := strings.Cut(of, "/")
		first, _, _ := strings.Cut(span, "-")
		if at, err = strconv.ParseInt(first, 10, 64); err != nil || at != here {
			return 0, 0, fmt.Errorf("%w: asked from byte %d on, the server sent %q", errOther, here, of)
		}
		total, _ = strconv.ParseInt(size, 10, 64) // "*" is unknown
		return at, total, nil
	case http.StatusRequestedRangeNotSatisfiable:
		return 0, 0, fmt.Errorf("%w: it has fewer than %d bytes by now", errOther, here)
	}
	s := &StatusError{URL: answer.Request.URL.Redacted(), Status: answer.StatusCode}
	if seconds, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil {
		s.after = time.Duration(seconds) * time.Second
	}
	return 0, 0, s
}

// write appends the body to the part, or begins it anew.
func (c *Client) write(f File, answer *http.Response, at, total int64) (err error) {
	flags := os.O_CREATE | os.O_WRONLY
	if at == 0 {
		flags |= os.O_TRUNC
	}
	if err := saveMark(f.To, answer.Header); err != nil {
		return errors.Join(errLocal, err)
	}
	part, err := os.OpenFile(f.To+partSuffix, flags, 0o644)
	if err != nil {
		return errors.Join(errLocal, err)
	}
	defer func() {
		if closing := part.Close(); err == nil && closing != nil {
			err = errors.Join(errLocal, closing)
		}
	}()
	if _, err := part.Seek(at, io.SeekStart); err != nil {
		return errors.Join(errLocal, err)
	}
	buffer := make([]byte, 1<<16)
	for here := at; ; {
		n, reading := answer.Body.Read(buffer)
		if _, err := part.Write(buffer[:n]); err != nil {
			return errors.Join(errLocal, err)
		}
		here += int64(n)
		if c.Progress != nil && n > 0 {
			c.Progress(f, here, max(total, f.Bytes))
		}
		if f.Bytes > 0 && here > f.Bytes {
			return fmt.Errorf("%w: more than %d bytes", errOther, f.Bytes)
		}
		if reading == io.EOF {
			return nil
		}
		if reading != nil {
			return reading
		}
	}
}

// finish gives a part its name, if it is what was published.
func finish(f File, total int64) error {
	size := partSize(f.To)
	switch {
	case total > 0 && size < total:
		return fmt.Errorf("the connection ended after %d of %d bytes: %w", size, total, io.ErrUnexpectedEOF)
	case f.Bytes > 0 && size != f.Bytes:
		return fmt.Errorf("%w: %d bytes, expected %d", errOther, size, f.Bytes)
	}
	if f.SHA256 != "" {
		sum, err := checksum(f.To + partSuffix)
		if err != nil {
			return errors.Join(errLocal, err)
		}
		if sum != f.SHA256 {
			return fmt.Errorf("%w: sha256 is %s, expected %s", errOther, sum, f.SHA256)
		}
	}
	if err := os.Rename(f.To+partSuffix, f.To); err != nil {
		return errors.Join(errLocal, err)
	}
	if err := os.Remove(f.To + markSuffix); err != nil && !errors.Is(err, os.ErrNotExist) {
		return errors.Join(errLocal, err)
	}
	return nil
}

const (
	partSuffix = ".part"
	markSuffix = ".part.mark"
)

func partSize(to string) int64 {
	info, err := os.Stat(to + partSuffix)
	if err != nil {
		return 0
	}
	return info.Size()
}

// mark is what a server says by which it knows a file again.
type mark struct{ Validator string }

// partState is what is here of a file, and what the server is asked to hold it
// against. Without a validator a part is not continued.
func partState(to string) (here int64, validator string) {
	b, err := os.ReadFile(to + markSuffix)
	var m mark
	if err != nil || json.Unmarshal(b, &m) != nil || m.Validator == "" {
		return 0, ""
	}
	return partSize(to), m.Validator
}

// saveMark keeps the strong validator of an answer.
func saveMark(to string, h http.Header) error {
	m := mark{h.Get("ETag")}
	if strings.HasPrefix(m.Validator, "W/") {
		m.Validator = ""
	}
	if m.Validator == "" {
		m.Validator = h.Get("Last-Modified")
	}
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return os.WriteFile(to+markSuffix, b, 0o644)
}

func dropPart(to string) {
	_ = os.Remove(to + partSuffix) // what cannot be removed is truncated by the next try
	_ = os.Remove(to + markSuffix)
}

func checksum(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
