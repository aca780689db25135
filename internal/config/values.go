package config

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// The values of a file are kept as the text that a flag would have. Empty: not in
// the file.
type (
	Text        string
	Texts       []string
	Number      string // whole
	Switch      string // true or false
	Duration    string // with its unit, above 0
	KeepAlive   string // a time with its unit, or a number of seconds; also 0 and -1
	Connections string // a number from 1, or auto
	Color       string // auto, always, or never
)

// UnmarshalTOML reads a string.
func (t *Text) UnmarshalTOML(value any) error {
	s, ok := value.(string)
	if !ok {
		return fmt.Errorf("want a string, have %v", value)
	}
	*t = Text(s)
	return nil
}

// UnmarshalTOML reads a string, or a list of strings.
func (t *Texts) UnmarshalTOML(value any) error {
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	for _, one := range list {
		s, ok := one.(string)
		if !ok {
			return fmt.Errorf("want a list of strings, have %v", value)
		}
		*t = append(*t, s)
	}
	return nil
}

// UnmarshalTOML reads a whole number.
func (n *Number) UnmarshalTOML(value any) error {
	i, ok := value.(int64)
	if !ok {
		return fmt.Errorf("want a whole number, have %v", value)
	}
	*n = Number(strconv.FormatInt(i, 10))
	return nil
}

// UnmarshalTOML reads true or false.
func (s *Switch) UnmarshalTOML(value any) error {
	b, ok := value.(bool)
	if !ok {
		return fmt.Errorf("want true or false, have %v", value)
	}
	*s = Switch(strconv.FormatBool(b))
	return nil
}

// UnmarshalTOML reads a string such as "90s" or "10m".
func (d *Duration) UnmarshalTOML(value any) error {
	s, ok := value.(string)
	if length, err := time.ParseDuration(s); !ok || err != nil || length <= 0 {
		return fmt.Errorf(`want a time such as "90s" or "10m", have %v`, value)
	}
	*d = Duration(s)
	return nil
}

// UnmarshalTOML reads a string such as "30m", or a number of seconds.
func (k *KeepAlive) UnmarshalTOML(value any) error {
	switch v := value.(type) {
	case int64:
		*k = KeepAlive(strconv.FormatInt(v, 10))
		return nil
	case string:
		_, errTime := time.ParseDuration(v)
		_, errNumber := strconv.Atoi(v)
		if errTime == nil || errNumber == nil {
			*k = KeepAlive(v)
			return nil
		}
	}
	return fmt.Errorf(`want a time such as "30m", a number of seconds, 0 (unload at once), or -1 (forever), have %v`, value)
}

// UnmarshalTOML reads a number from 1, or "auto".
func (c *Connections) UnmarshalTOML(value any) error {
	n, ok := value.(int64)
	switch {
	case value == "auto":
		*c = "auto"
	case ok && n >= 1:
		*c = Connections(strconv.FormatInt(n, 10))
	default:
		return errors.New(`want a number from 1, or "auto"`)
	}
	return nil
}

// UnmarshalTOML reads when colours are used.
func (c *Color) UnmarshalTOML(value any) error {
	switch value {
	case "auto", "always", "never":
		*c = Color(value.(string))
		return nil
	}
	return errors.New("want auto, always, or never")
}
