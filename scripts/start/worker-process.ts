/**
 * How worker processes are started. A worker's garbage is short-lived batches. By default V8 lets the heap grow to four times
 * what is alive before it collects; 30 % keeps the process at some 200 MB for files of any size. Young objects get 8 MB: with
 * less, batches grow old before they are written, and collecting them takes half of the CPU time; more is memory
 * (docs/performance.md).
 */
export const workerNodeArgs = ['--heap-growing-percent=30', '--max-semi-space-size=8'];

/** glibc gives each thread (inflating, hashing) an arena that it hardly ever gives back: 40 MB less with two of them. */
export const workerMemoryEnv = { MALLOC_ARENA_MAX: '2' };
