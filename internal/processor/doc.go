// Package processor measures the processor time of this process, which depends less on
// other processes than the time of a clock, and its largest memory.
package processor
