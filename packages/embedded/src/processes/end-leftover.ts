import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { signalGroup } from './spawn-tethered.ts';

interface ProcessRecord {
  readonly pid: number;
  readonly startTime: string | undefined;
}

// A server that its guardian stops needs up to 1.5 s. A server that still runs after this gets SIGKILL.
const LEFTOVER_GRACE_MS = 3_000;

/** Records the process that uses a data folder, so that the next start can check whether it still runs. */
export async function recordProcess({ file, pid }: { file: string; pid: number }): Promise<void> {
  const record: ProcessRecord = { pid, startTime: processStartTime(pid) };
  await writeFile(file, JSON.stringify(record));
}

/**
 * Makes sure that the server of an earlier start no longer uses the data. It runs for a moment after a kill -9 of its parent, and
 * two servers on one data folder would destroy it.
 */
export async function endLeftover(file: string): Promise<void> {
  const record = await readRecord(file);
  if (!record || !isAlive(record)) return;
  signalGroup({ pid: record.pid, signal: 'SIGTERM' });
  const deadlineMs = Date.now() + LEFTOVER_GRACE_MS;
  while (isAlive(record) && Date.now() < deadlineMs) await delay(20);
  if (isAlive(record)) signalGroup({ pid: record.pid, signal: 'SIGKILL' });
  while (isAlive(record)) await delay(20);
  await rm(file, { force: true });
}

async function readRecord(file: string): Promise<ProcessRecord | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as ProcessRecord;
  } catch {
    // There is no record, or the process was killed while it wrote the record, shortly after it started its server.
    return undefined;
  }
}

function isAlive({ pid, startTime }: ProcessRecord): boolean {
  return startTime !== undefined && processStartTime(pid) === startTime;
}

/**
 * The start time of a process as text, for comparisons only. With the pid it identifies a process permanently, because the system
 * may reuse the pid alone for another process.
 * @returns undefined if the process does not exist (a zombie counts as ended)
 */
export function processStartTime(pid: number): string | undefined {
  try {
    return process.platform === 'linux' ? fromProc(pid) : fromPs(pid);
  } catch {
    // Both sources fail for a process that does not exist.
    return undefined;
  }
}

function fromProc(pid: number): string | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The second field is the name in brackets, which may contain spaces. The state is the 3rd field, and the start time the 22nd.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? undefined : fields[19];
}

function fromPs(pid: number): string | undefined {
  return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
}
