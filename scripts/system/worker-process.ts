/**
 * Options of worker processes. The garbage of a worker is short-lived batches. By default V8 lets the heap grow to four times
 * the live data before it collects; 30 % keeps the process below 200 MB for files of any size. Young objects get 16 MB: with
 * half of that, batches grow old before they are written, and collecting them takes a third of the CPU time
 * (docs/performance.md).
 */
export const workerNodeArgs = ['--heap-growing-percent=30', '--max-semi-space-size=16'];

/**
 * Settings of glibc. Each thread (inflating, hashing) has an arena that returns almost no memory to the system; two arenas need
 * 40 MB less. Above the threshold, buffers of sockets and zlib return to the system when they are freed and leave no holes:
 * 10 MB less.
 */
export const workerMemoryEnv = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '65536' };
