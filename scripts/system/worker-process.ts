/**
 * How worker processes are started. A worker's garbage is short-lived batches. By default V8 lets the heap grow to four times
 * what is alive before it collects; 30 % keeps the process below 200 MB for files of any size. Young objects get 16 MB: with
 * half of that, batches grow old before they are written, and collecting them takes a third of the CPU time
 * (docs/performance.md).
 */
export const workerNodeArgs = ['--heap-growing-percent=30', '--max-semi-space-size=16'];

/**
 * Of glibc, which gives each thread (inflating, hashing) an arena that it hardly ever gives back: 40 MB less with two of them.
 * What a socket or zlib hands over goes back to the system when it is freed, instead of leaving holes: 10 MB less.
 */
export const workerMemoryEnv = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '65536' };
