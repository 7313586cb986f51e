/**
 * Options of worker processes (docs/performance.md). By default V8 lets the heap grow to four times the live data before it collects;
 * 30 % keeps the process small for files of any size. Young objects get 4 MB: 8 MB take 8 MB more memory and no less CPU time, since
 * lines are not objects. The buffers of collected objects are freed at once and not by a thread that runs later, and free pages
 * of the heap return to the system instead of to a pool, which has held up to 16 MB. V8's own functions are not copied beside the
 * compiled code, which takes 2 MB. Functions are not compiled by the first, quick compiler: its code grows with every kind of
 * work, by up to 4 MB, and without it a long run takes less CPU time. Garbage is collected before a large line is read (`collectGarbageAbove`).
 */
export const workerNodeArgs = [
  '--expose-gc',
  '--heap-growing-percent=30',
  '--max-semi-space-size=4',
  '--no-concurrent-array-buffer-sweeping',
  '--no-memory-pool',
  '--no-short-builtin-calls',
  '--no-sparkplug',
];

/**
 * Options of the API and of `serve`. They have the memory of a worker (512 MB). Half of it is for objects, and the other half for the buffers of
 * downloads, which V8 does not count. Young objects get 8 MB, because a table makes many: with 16 MB the process grows by 30 MB more. Garbage is
 * collected before a large page is read (`collectGarbageAbove`).
 */
export const apiNodeArgs = ['--expose-gc', '--max-old-space-size=256', '--max-semi-space-size=8'];

/**
 * Settings of glibc. Each thread (inflating, hashing) has an arena that returns almost no memory to the system, so there is only one.
 * Above the threshold, buffers return to the system when they are freed and leave no holes.
 */
export const memoryEnv = { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '16384' };
