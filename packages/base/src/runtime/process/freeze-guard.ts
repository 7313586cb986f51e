import { url as debuggerUrl } from 'node:inspector';
import { Worker } from 'node:worker_threads';

const tickMs = 1000;
/** When a frozen process is reported. Health checks have failed by then. */
const reportAfterMs = 10_000;

/**
 * Runs in a thread, because a frozen event loop runs nothing. It counts its own ticks instead of reading a clock, so that a
 * suspended machine or container is not mistaken for a frozen process. It writes directly to the file descriptor of the log.
 */
const guard = `
  const { workerData: { beats, tickMs, reportAfterMs, exitAfterMs, name } } = require('node:worker_threads');
  const { writeSync } = require('node:fs');
  const log = (level, msg, durationMs) => {
    const line = { level, time: new Date().toISOString(), name, pid: process.pid, durationMs, msg };
    try { writeSync(1, JSON.stringify(line) + '\\n'); } catch {}
  };
  let seen = -1;
  let frozenMs = 0;
  let isReported = false;
  setInterval(() => {
    const heartbeat = Atomics.load(beats, 0);
    if (heartbeat !== seen) { seen = heartbeat; frozenMs = 0; isReported = false; return; }
    frozenMs += tickMs;
    if (frozenMs >= exitAfterMs) {
      log(60, 'event loop frozen, the process is killed', frozenMs);
      process.kill(process.pid, 'SIGKILL');
    }
    if (frozenMs >= reportAfterMs && !isReported) {
      isReported = true;
      log(50, 'event loop frozen', frozenMs);
    }
  }, tickMs);
`;

/**
 * Kills this process if its event loop is blocked for `exitAfterMs`, so that its supervisor restarts it. Nothing is lost: other
 * workers have taken over its jobs by then, and records and leases make a sudden end safe. The guard does not start if a debugger
 * is attached, because a breakpoint looks like a freeze.
 * @param options.exitAfterMs 0 disables the guard
 * @param options.name of the process in its log lines
 */
export function startFreezeGuard({ exitAfterMs, name }: { readonly exitAfterMs: number; readonly name: string }): void {
  if (exitAfterMs === 0 || debuggerUrl() !== undefined) return;
  const beats = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const thread = new Worker(guard, {
    eval: true,
    workerData: { beats, tickMs, reportAfterMs, exitAfterMs, name },
    // The thread needs none of the process's modules and secrets.
    execArgv: [],
    env: {},
  });
  thread.unref();
  setInterval(() => Atomics.add(beats, 0, 1), tickMs).unref();
}
