// Package commandline holds what every command of a program has, whatever it does: flags
// that may stand anywhere, help texts that fit a terminal, and the completion of words by
// a shell. The program says which values its flags and arguments have ([Values]).
package commandline
