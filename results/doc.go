// Package results is the store: one SQLite file that keeps every
// answer for ever, and what was counted from them.
//
// A completion is stored once, by the hash of what was asked; runs share it. A
// run has the hash of its keys as its name, so the same command finds the same
// run. A passage becomes complete in one transaction together with all its
// answers: a process that is killed loses what was in flight, and nothing that
// was committed.
//
// How the file is opened:
//
//   - All pragmas stand in the DSN. One that is set by a statement holds for one
//     connection of the pool only.
//   - The journal is a write-ahead log: readers never wait for the writer.
//   - synchronous is FULL: each commit waits for the disk. NORMAL would never
//     corrupt the file either, and loses nothing when the process is killed, but
//     a power cut could take back the last commits, that is, answers that were
//     paid for. [Writer] gathers what is queued during one wait into the next
//     transaction, so that the waits cost no speed.
//   - Before a file is opened for writing, its header is read without locks, so
//     that a file that must be left alone stays as it is, and nothing new lies
//     beside it.
//   - One connection writes, in transactions that take the lock at once: a
//     second process waits for its turn, and never fails half way.
//
// Times and durations lie in columns of their own, which [Store.Dump] leaves
// out: two stores that hold the same knowledge have the same dump.
package results
