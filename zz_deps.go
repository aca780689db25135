package nerbench

import (
	_ "github.com/BurntSushi/toml"
	_ "github.com/chromedp/chromedp"
	_ "github.com/go-echarts/go-echarts/v2/charts"
	_ "github.com/olekukonko/tablewriter"
	_ "github.com/ollama/ollama/api"
	_ "github.com/rogpeppe/go-internal/testscript"
	_ "github.com/urfave/cli/v2"
	_ "github.com/vbauerster/mpb/v8"
	_ "golang.org/x/text/unicode/norm"
	_ "golang.org/x/text/cases"
	_ "modernc.org/sqlite"
)
