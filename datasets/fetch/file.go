package fetch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"nerbench/internal/atomicfile"
	"nerbench/internal/checksum"
	"nerbench/internal/httpclient"
	"nerbench/internal/names"
	"nerbench/internal/retry"
)

// File is one file to download.
type File struct {
	URL string
	// To is its local name, a path with slashes below the client's folder. A name that
	// [names.Local] refuses is an error.
	To string
	// SHA256 is its checksum in hexadecimal; empty: unknown.
	SHA256 string
	Bytes  int64 // its size; 0: unknown
	// Token is sent as bearer token, but never to another origin than that of URL.
	Token string
}

// Client downloads files into a folder. Two clients must not download the same file at
// the same time.
type Client struct {
	Folder *os.Root     // nothing is written outside
	HTTP   *http.Client // nil: the default one, which uses HTTPS_PROXY; its redirects follow [httpclient.Download]
	// Tries is the number of times that a transfer is started or resumed; 0: 5. A try
	// that receives some kilobytes does not count. If the content is not the published
	// file a second time, the transfer fails at once.
	Tries int
	// Wait is the time before the second try, which doubles with each try; 0: one
	// second. The header Retry-After replaces it, up to one minute.
	Wait time.Duration
	// Stall is the longest time without a response or a byte of it; 0: one minute.
	// Then the transfer is resumed.
	Stall time.Duration
	// Largest is the size of the largest file, in bytes, if its size is unknown; 0:
	// [Largest].
	Largest int64
	// Progress, if it is not nil, is called with the number of bytes received and
	// the size of the file (0: unknown). Calls for several files may be concurrent.
	Progress func(f File, here, of int64)
}

// Largest is the usual size of the largest file with an unknown size, in bytes. No
// published dataset has a tenth of it.
const Largest = 16 << 30

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

// ErrMismatch reports that the received bytes are not the published file.
var ErrMismatch = errors.New("not the published file")

// progress is the number of bytes that a try must receive so that it does not count.
const progress = 4 << 10

// ErrTooLarge reports a file of unknown size that has more bytes than the limit.
var ErrTooLarge = errors.New("refused: too large")

// errStalled reports a server that sends nothing.
var errStalled = errors.New("the server sends nothing")

// ErrLocal is wrapped by errors on this machine, such as a full disk: neither a retry
// nor another source helps.
var ErrLocal = errors.New("cannot write")

// local marks an error on this machine.
func local(err error) error { return fmt.Errorf("%w: %w", ErrLocal, err) }

// Fetch downloads one file. It resumes an interrupted transfer, and retries if the
// connection fails or stalls. A complete file of an earlier call is checked, and
// downloaded again if it has changed or was downloaded from another address.
func (c *Client) Fetch(ctx context.Context, f File) error {
	name, err := names.Local(f.To)
	if err != nil {
		return fmt.Errorf("fetch: %s: %w", httpclient.WithoutLogin(f.URL), err)
	}
	t := transfer{Client: c, file: f, to: name}
	if err := c.Folder.MkdirAll(path.Dir(name), 0o700); err != nil {
		return fmt.Errorf("fetch: %w", local(err))
	}
	if complete, err := t.complete(ctx); err != nil || complete {
		return err
	}
	wait := c.Wait
	if wait == 0 {
		wait = time.Second
	}
	tries := c.Tries
	if tries == 0 {
		tries = 5
	}
	mismatches := 0
	for try := 1; ; try++ {
		before := t.partSize()
		if err = t.try(ctx); err == nil {
			return nil
		}
		var refused *StatusError
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &refused) && !refused.temporary(), errors.Is(err, ErrLocal), errors.As(err, new(*httpclient.RedirectError)):
			return fmt.Errorf("fetch: %w", err)
		case errors.Is(err, ErrTooLarge):
			t.dropPart()
			return fmt.Errorf("fetch: %s: %w", httpclient.WithoutLogin(f.URL), err)
		case errors.Is(err, ErrMismatch):
			t.dropPart() // it may belong to another file
			if mismatches++; mismatches == 2 {
				tries = try
			}
		case t.partSize() >= before+progress:
			try = min(try, tries-1) // does not count as a try
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

// transfer is the download of one file.
type transfer struct {
	*Client
	file File
	to   string // the clean local name
}

// limit is the largest number of bytes of the file.
func (t *transfer) limit() int64 {
	switch {
	case t.file.Bytes > 0:
		return t.file.Bytes
	case t.Largest > 0:
		return t.Largest
	}
	return Largest
}

// within checks a number of bytes against the limit.
func (t *transfer) within(n int64) error {
	switch {
	case n <= t.limit():
		return nil
	case t.file.Bytes > 0:
		return fmt.Errorf("%w: more than %d bytes", ErrMismatch, t.file.Bytes)
	}
	return fmt.Errorf("%w: more than %d bytes, the limit for files of unknown size", ErrTooLarge, t.limit())
}

// try starts or resumes the transfer.
func (t *transfer) try(ctx context.Context) error {
	ctx, alive, stop := t.watch(ctx)
	defer stop()
	err := t.receive(ctx, alive)
	if cause := context.Cause(ctx); errors.Is(cause, errStalled) && err != nil {
		return cause
	}
	return err
}

// watch returns a context that ends if alive is not called for the time Stall.
func (t *transfer) watch(ctx context.Context) (watched context.Context, alive, stop func()) {
	stall := t.Stall
	if stall == 0 {
		stall = time.Minute
	}
	watched, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(stall, func() { cancel(fmt.Errorf("%w for %s", errStalled, stall)) })
	return watched, func() { timer.Reset(stall) }, func() { timer.Stop(); cancel(nil) }
}

func (t *transfer) receive(ctx context.Context, alive func()) error {
	here, mark := t.partState()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, t.file.URL, nil)
	if err != nil {
		return local(fmt.Errorf("%s: not a URL", httpclient.Redact(t.file.URL))) // the error of the parser may quote a password
	}
	r.Header.Set("Accept-Encoding", "identity") // compression would change lengths and ranges
	if t.file.Token != "" {
		r.Header.Set("Authorization", "Bearer "+t.file.Token)
	}
	if here > 0 {
		r.Header.Set("Range", fmt.Sprintf("bytes=%d-", here))
		if mark != "" {
			r.Header.Set("If-Range", mark)
		}
	}
	answer, err := httpclient.Download(t.HTTP).Do(r)
	if err != nil {
		return httpclient.Bearer(t.file.Token).Hide(plain(err))
	}
	defer answer.Body.Close()
	alive()
	at, total, err := beginning(answer, here)
	if err != nil {
		if answer.StatusCode == http.StatusRequestedRangeNotSatisfiable {
			t.dropPart()
		}
		return err
	}
	if err := t.within(total); err != nil {
		return err
	}
	if err := t.write(answer, at, total, alive); err != nil {
		return err
	}
	return t.finish(ctx, total)
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
			return 0, 0, fmt.Errorf("%w: requested from byte %d, the server sent %q", ErrMismatch, here, of)
		}
		total, _ = strconv.ParseInt(size, 10, 64) // "*" is unknown
		return at, total, nil
	case http.StatusRequestedRangeNotSatisfiable:
		return 0, 0, fmt.Errorf("%w: it now has fewer than %d bytes", ErrMismatch, here)
	}
	s := &StatusError{URL: httpclient.Redact(answer.Request.URL.String()), Status: answer.StatusCode}
	s.after, _ = retry.After(answer.Header.Get("Retry-After"), time.Now())
	return 0, 0, s
}

// write appends the body to the partial file, or starts a new one. At the end of the
// body, the file is on the disk.
func (t *transfer) write(answer *http.Response, at, total int64, alive func()) (err error) {
	flags := os.O_CREATE | os.O_WRONLY
	if at == 0 {
		flags |= os.O_TRUNC
	}
	if err := t.saveMark(answer.Header); err != nil {
		return local(err)
	}
	part, err := t.Folder.OpenFile(t.to+partSuffix, flags, 0o600)
	if err != nil {
		return local(err)
	}
	defer func() {
		if closing := part.Close(); err == nil && closing != nil {
			err = local(closing)
		}
	}()
	if _, err := part.Seek(at, io.SeekStart); err != nil {
		return local(err)
	}
	buffer := make([]byte, 1<<16)
	for here := at; ; {
		n, reading := answer.Body.Read(buffer)
		if n > 0 {
			alive()
		}
		here += int64(n)
		if t.Progress != nil && n > 0 {
			t.Progress(t.file, here, max(total, t.file.Bytes))
		}
		if err := t.within(here); err != nil {
			return err
		}
		if _, err := part.Write(buffer[:n]); err != nil {
			return local(err)
		}
		if reading == io.EOF {
			if err := part.Sync(); err != nil {
				return local(err)
			}
			return nil
		}
		if reading != nil {
			return reading
		}
	}
}

// finish renames the partial file to its final name, if it is the published file.
func (t *transfer) finish(ctx context.Context, total int64) error {
	size := t.partSize()
	switch {
	case total > 0 && size < total:
		return fmt.Errorf("the connection ended after %d of %d bytes: %w", size, total, io.ErrUnexpectedEOF)
	case total > 0 && size > total:
		return fmt.Errorf("%w: %d bytes, the server announced %d", ErrMismatch, size, total)
	case t.file.Bytes > 0 && size != t.file.Bytes:
		return fmt.Errorf("%w: %d bytes, expected %d", ErrMismatch, size, t.file.Bytes)
	}
	sum, err := t.sum(ctx, t.to+partSuffix)
	if err != nil {
		return local(err)
	}
	if t.file.SHA256 != "" && sum != t.file.SHA256 {
		return fmt.Errorf("%w: sha256 is %s, expected %s", ErrMismatch, sum, t.file.SHA256)
	}
	// The record comes first: without it, the file would be downloaded again.
	if err := t.saveRecord(record{t.file.URL, sum}); err != nil {
		return local(err)
	}
	if err := t.Folder.Rename(t.to+partSuffix, t.to); err != nil {
		return local(err)
	}
	atomicfile.SyncFolder(t.Folder, path.Dir(t.to))
	if err := t.Folder.Remove(t.to + markSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return local(err)
	}
	return nil
}

// record is what is known of a complete file.
type record struct{ URL, SHA256 string }

// recordName is the name of a hidden file beside the complete one, so that an import
// of the folder skips it.
func (t *transfer) recordName() string {
	return path.Join(path.Dir(t.to), "."+path.Base(t.to)+".fetched")
}

func (t *transfer) saveRecord(r record) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return atomicfile.WriteIn(t.Folder, t.recordName(), func(w io.Writer) error { _, err := w.Write(b); return err })
}

// complete reports whether the file is complete, from an earlier call: it has its
// checksum, or the one that was recorded when it was downloaded from the same address.
// Otherwise it is removed.
func (t *transfer) complete(ctx context.Context) (bool, error) {
	sum, err := t.sum(ctx, t.to)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case ctx.Err() != nil:
		return false, ctx.Err()
	case err != nil:
		return false, fmt.Errorf("fetch: %w", local(err))
	}
	var r record
	if b, err := t.Folder.ReadFile(t.recordName()); err == nil {
		_ = json.Unmarshal(b, &r) // a damaged record is none
	}
	if sum == t.file.SHA256 || t.file.SHA256 == "" && r == (record{t.file.URL, sum}) {
		return true, nil
	}
	if err := t.Folder.Remove(t.to); err != nil {
		return false, fmt.Errorf("fetch: %w", local(err))
	}
	return false, nil
}

// sum is the checksum of a file of the folder.
func (t *transfer) sum(ctx context.Context, name string) (string, error) {
	f, err := t.Folder.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	return checksum.Of(ctx, f)
}

const (
	partSuffix = ".part"
	markSuffix = ".part.mark"
)

func (t *transfer) partSize() int64 {
	info, err := t.Folder.Stat(t.to + partSuffix)
	if err != nil {
		return 0
	}
	return info.Size()
}

// mark identifies the version of a file on a server.
type mark struct{ URL, Validator string }

// partState returns the size of a partial file, and the validator for the request
// that resumes it. Without a validator, the transfer is not resumed.
func (t *transfer) partState() (here int64, validator string) {
	b, err := t.Folder.ReadFile(t.to + markSuffix)
	var m mark
	if err != nil || json.Unmarshal(b, &m) != nil || m.Validator == "" || m.URL != t.file.URL {
		return 0, ""
	}
	return t.partSize(), m.Validator
}

// saveMark stores the strong validator of a response.
func (t *transfer) saveMark(h http.Header) error {
	m := mark{t.file.URL, h.Get("ETag")}
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
	return t.Folder.WriteFile(t.to+markSuffix, b, 0o600)
}

func (t *transfer) dropPart() {
	_ = t.Folder.Remove(t.to + partSuffix) // otherwise the next try truncates it
	_ = t.Folder.Remove(t.to + markSuffix)
}
