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
	"strconv"
	"strings"
	"time"

	"nerbench/internal/checksum"
	"nerbench/internal/httpclient"
	"nerbench/internal/retry"
)

// File is one file to download.
type File struct {
	URL string
	To  string // its local name
	// SHA256 is its checksum in hexadecimal; empty: unknown.
	SHA256 string
	Bytes  int64 // its size; 0: unknown
	// Token is sent as bearer token, but never to another origin than that of URL.
	Token string
}

// Client downloads files. The zero value is ready to use.
type Client struct {
	HTTP *http.Client // nil: the default one, which uses HTTPS_PROXY; its redirects follow [httpclient.Download]
	// Tries is the number of times that a transfer is started or resumed; 0: 5. If
	// the content is not the published file a second time, the transfer fails at
	// once.
	Tries int
	// Wait is the time before the second try, which doubles with each try; 0: one
	// second. The header Retry-After replaces it, up to one minute.
	Wait time.Duration
	// Progress, if it is not nil, is called with the number of bytes received and
	// the size of the file (0: unknown). Calls for several files may be concurrent.
	Progress func(f File, here, of int64)
}

// StatusError is an error status of the server.
type StatusError struct {
	URL    string
	Status int
	after  time.Duration
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("%s: the server returned %d %s", e.URL, e.Status, http.StatusText(e.Status))
}

// temporary reports whether the same request may succeed later.
func (e *StatusError) temporary() bool {
	return e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestTimeout || e.Status >= 500
}

// errMismatch reports that the received bytes are not the published file.
var errMismatch = errors.New("not the published file")

// Fetch downloads one file. It resumes an interrupted transfer, and retries if the
// connection fails.
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
	mismatches := 0
	for try := 1; ; try++ {
		before := partSize(f.To)
		if err = c.transfer(ctx, f); err == nil {
			return nil
		}
		var refused *StatusError
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &refused) && !refused.temporary(), errors.Is(err, errLocal), errors.As(err, new(*httpclient.RedirectError)):
			return fmt.Errorf("fetch: %w", err)
		case errors.Is(err, errMismatch):
			dropPart(f.To) // it may belong to another file
			if mismatches++; mismatches == 2 {
				tries = try
			}
		case partSize(f.To) > before:
			try = min(try, tries-1) // bytes were received: does not count as a try
		}
		if try >= tries {
			return fmt.Errorf("fetch: %s: failed after %d tries: %w", httpclient.WithoutLogin(f.URL), tries, err)
		}
		pause := retry.Backoff{First: wait, Longest: time.Minute}.Wait(try)
		if refused != nil && refused.after > 0 {
			pause = min(refused.after, time.Minute)
		}
		if err := retry.Sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// errLocal marks errors on this machine, for which a retry does not help.
var errLocal = errors.New("on this machine")

// transfer starts or resumes a transfer.
func (c *Client) transfer(ctx context.Context, f File) error {
	here, mark := partState(f.To)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, f.URL, nil)
	if err != nil {
		return errors.Join(errLocal, fmt.Errorf("%s: not a URL", httpclient.Redact(f.URL))) // the error of the parser may quote a password
	}
	r.Header.Set("Accept-Encoding", "identity") // compression would change lengths and ranges
	if f.Token != "" {
		r.Header.Set("Authorization", "Bearer "+f.Token)
	}
	if here > 0 {
		r.Header.Set("Range", fmt.Sprintf("bytes=%d-", here))
		if mark != "" {
			r.Header.Set("If-Range", mark)
		}
	}
	answer, err := httpclient.Download(c.HTTP).Do(r)
	if err != nil {
		return httpclient.Bearer(f.Token).Hide(plain(err))
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
	return finish(ctx, f, total)
}

// plain is the error of a request without its address, which may contain a password or
// a signature.
func plain(err error) error {
	if of, ok := errors.AsType[*url.Error](err); ok {
		return of.Err
	}
	return err
}

// beginning returns the offset at which a response begins, and the size of the
// file; 0: unknown.
func beginning(answer *http.Response, here int64) (at, total int64, err error) {
	switch answer.StatusCode {
	case http.StatusOK:
		return 0, max(answer.ContentLength, 0), nil
	case http.StatusPartialContent:
		of := strings.TrimPrefix(answer.Header.Get("Content-Range"), "bytes ")
		span, size, _ := strings.Cut(of, "/")
		first, _, _ := strings.Cut(span, "-")
		if at, err = strconv.ParseInt(first, 10, 64); err != nil || at != here {
			return 0, 0, fmt.Errorf("%w: requested from byte %d, the server sent %q", errMismatch, here, of)
		}
		total, _ = strconv.ParseInt(size, 10, 64) // "*" is unknown
		return at, total, nil
	case http.StatusRequestedRangeNotSatisfiable:
		return 0, 0, fmt.Errorf("%w: it now has fewer than %d bytes", errMismatch, here)
	}
	s := &StatusError{URL: httpclient.Redact(answer.Request.URL.String()), Status: answer.StatusCode}
	s.after, _ = retry.After(answer.Header.Get("Retry-After"), time.Now())
	return 0, 0, s
}

// write appends the body to the partial file, or starts a new one.
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
			return fmt.Errorf("%w: more than %d bytes", errMismatch, f.Bytes)
		}
		if reading == io.EOF {
			return nil
		}
		if reading != nil {
			return reading
		}
	}
}

// finish renames a partial file to its final name, if it is the published file.
func finish(ctx context.Context, f File, total int64) error {
	size := partSize(f.To)
	switch {
	case total > 0 && size < total:
		return fmt.Errorf("the connection ended after %d of %d bytes: %w", size, total, io.ErrUnexpectedEOF)
	case f.Bytes > 0 && size != f.Bytes:
		return fmt.Errorf("%w: %d bytes, expected %d", errMismatch, size, f.Bytes)
	}
	if f.SHA256 != "" {
		sum, err := checksum.Files(ctx, f.To+partSuffix)
		if err != nil {
			return errors.Join(errLocal, err)
		}
		if sum != f.SHA256 {
			return fmt.Errorf("%w: sha256 is %s, expected %s", errMismatch, sum, f.SHA256)
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

// mark identifies the version of a file on a server.
type mark struct{ Validator string }

// partState returns the size of a partial file, and the validator for the request
// that resumes it. Without a validator, the transfer is not resumed.
func partState(to string) (here int64, validator string) {
	b, err := os.ReadFile(to + markSuffix)
	var m mark
	if err != nil || json.Unmarshal(b, &m) != nil || m.Validator == "" {
		return 0, ""
	}
	return partSize(to), m.Validator
}

// saveMark stores the strong validator of a response.
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
	_ = os.Remove(to + partSuffix) // otherwise the next try truncates it
	_ = os.Remove(to + markSuffix)
}
