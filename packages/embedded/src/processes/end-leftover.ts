import { readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { processStartTime } from './process-start-time.ts';
import { signalGroup } from './signal-group.ts';

interface ProcessRecord {
  readonly pid: number;
  readonly startTime: string | undefined;
}

// A server that was told to end by its guardian needs up to 1.5 s; what is still there then gets SIGKILL.
const LEFTOVER_GRACE_MS = 3_000;

/** Writes down which process works on a data folder, so that the next start can tell whether it is still there. */
export async function recordProcess({ file, pid }: { file: string; pid: number }): Promise<void> {
  const record: ProcessRecord = { pid, startTime: processStartTime(pid) };
  await writeFile(file, JSON.stringify(record));
}

/**
 * Makes sure that the server of an earlier start no longer works on the data: after a kill -9 it lives on for a moment, and
 * two servers on one data folder destroy it.
 */
export async function endLeftover(file: string): Promise<void> {
  const record = await readRecord(file);
  if (!record || !isAlive(record)) return;
  signalGroup({ pid: record.pid, signal: 'SIGTERM' });
  const deadline = Date.now() + LEFTOVER_GRACE_MS;
  while (isAlive(record) && Date.now() < deadline) await delay(20);
  if (isAlive(record)) signalGroup({ pid: record.pid, signal: 'SIGKILL' });
  while (isAlive(record)) await delay(20);
  await rm(file, { force: true });
}

async function readRecord(file: string): Promise<ProcessRecord | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as ProcessRecord;
  } catch {
    // None yet, or half written by a process that was killed while it wrote: its server had not been started for long.
    return undefined;
  }
}

function isAlive({ pid, startTime }: ProcessRecord): boolean {
  return startTime !== undefined && processStartTime(pid) === startTime;
}
