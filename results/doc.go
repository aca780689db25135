// Package results is the store: one SQLite file that permanently keeps every answer
// and the counts computed from the answers.
//
// A completion is stored once, under the hash of its query; runs share it. The id
// of a run is the hash of its keys, so the same command finds the same run. Answers are
// stored when they are finished, and a passage becomes complete in the transaction that
// stores the last of them, or in a later one: a process that is killed loses only answers
// that were not yet committed.
//
// The file is opened with these rules:
//
//   - All pragmas are in the DSN, since a pragma statement affects only one
//     connection of the pool.
//   - The journal is a write-ahead log: readers never wait for the writer.
//   - synchronous is FULL: each commit waits for the disk. NORMAL would not corrupt
//     the file or lose data when the process is killed, but a power failure could
//     undo the last commits and lose answers that cost money. [Writer] combines
//     the passages that are queued during one wait into the next transaction, so
//     that the waits do not reduce speed.
//   - Before a file is opened for writing, its header is read without locks, so
//     that a file that is not a store stays unchanged, and no new files appear next
//     to it.
//   - One connection writes, in transactions that take the lock immediately: a
//     second process waits until the lock is free, and never fails in the middle
//     of a transaction.
//
// Times and durations are in separate columns, which [Store.Dump] omits: two stores
// with the same content have the same dump.
package results
