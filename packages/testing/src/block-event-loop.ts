/** Blocks the event loop for this time, without the CPU time that a loop would take from other tests. */
export function blockEventLoop(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
