// Package echarts embeds the script of the charts: dist/echarts.min.js of the npm
// package echarts 6.1.0. It is packed, since it is a third of the size.
package echarts

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"sync"
)

//go:embed echarts.min.js.gz
var packed []byte

// Notice is printed on pages with charts because the licence of the library
// (Apache-2.0) requires it.
//
//go:embed NOTICE
var Notice string

// Script is the script of the charts.
var Script = sync.OnceValues(func() (string, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return "", fmt.Errorf("script of the charts: %w", err)
	}
	script, err := io.ReadAll(r)
	if err != nil {
		return "", fmt.Errorf("script of the charts: %w", err)
	}
	return string(script), nil
})
