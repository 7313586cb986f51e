/**
 * Options of worker processes. The garbage of a worker is short-lived batches. By default V8 lets the heap grow to four times
 * the live data before it collects; 30 % keeps the process small for files of any size. Young objects get 8 MB: 16 MB take 10 MB more memory
 * and no less CPU time, since lines are no longer objects (docs/performance.md).
 */
export const workerNodeArgs = ['--heap-growing-percent=30', '--max-semi-space-size=8'];

/**
 * Settings of glibc. Each thread (inflating, hashing) has an arena that returns almost no memory to the system; two arenas need
 * 40 MB less. Above the threshold, buffers of sockets and zlib return to the system when they are freed and leave no holes:
 * 10 MB less.
 */
export const workerMemoryEnv = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '65536' };
