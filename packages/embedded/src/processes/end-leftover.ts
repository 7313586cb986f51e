import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { signalGroup } from './spawn-tethered.ts';

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

/**
 * When a process was started, as text to compare with itself: together with the pid it names a process for good, where the
 * pid alone may have gone to somebody else.
 * @returns undefined if there is no such process (a zombie counts as gone).
 */
export function processStartTime(pid: number): string | undefined {
  try {
    return process.platform === 'linux' ? fromProc(pid) : fromPs(pid);
  } catch {
    // Both sources answer for a process that does not exist with an error.
    return undefined;
  }
}

function fromProc(pid: number): string | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The second field is the name in brackets and may hold blanks; state is the 3rd field, start time the 22nd.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? undefined : fields[19];
}

function fromPs(pid: number): string | undefined {
  return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
}
