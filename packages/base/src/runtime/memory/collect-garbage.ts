/**
 * Collects garbage if the process has more than this in memory, and returns the memory to the system. V8 counts neither buffers nor
 * the pages that it has emptied against its limit: lines of 14 MB leave 200 MB of buffers and 90 MB of pages before it collects by itself.
 * Only a collection of the last resort empties the pool of pages. Does nothing without `--expose-gc`.
 */
export function collectGarbageAbove(residentBytes: number): void {
  if (process.memoryUsage.rss() > residentBytes) globalThis.gc?.({ type: 'major', flavor: 'last-resort' });
}
