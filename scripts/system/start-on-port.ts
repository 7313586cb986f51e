import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { lastLogLines, type Tethered } from '@bulkhead/embedded';
import { nextFreePort } from './next-free-port.ts';

/** What a child is spawned with. It binds `port` itself and reports it by IPC when it has started (`runApp`). */
export interface PortSpawn {
  readonly port: number;
  /** Lets `/health` prove that this child answers, and not another program on the same port. */
  readonly env: Readonly<Record<string, string>>;
  readonly onMessage: (message: unknown) => void;
}

export interface StartedOnPort {
  readonly child: Tethered;
  readonly port: number;
}

interface Start {
  readonly name: string;
  readonly logFile: string;
  readonly spawn: (start: PortSpawn) => Promise<Tethered>;
}

/** A child listens after about a second. A busy machine takes longer. */
const startMs = 60_000;
/**
 * Another program can take a port between the check and the bind. If this happens so often, the cause is something
 * else.
 */
const maxAttempts = 5;

/**
 * Starts a child on the wanted port or the next free one, and waits until it has started there.
 * @throws Error with the end of the child's log if the child ends instead
 */
export async function startOnPort(options: Start & { readonly wanted: number }): Promise<StartedOnPort> {
  let { wanted } = options;
  for (let attempt = 1; ; attempt++) {
    const port = await nextFreePort({ wanted });
    const child = await tryPort({ ...options, port });
    if (child) return { child, port };
    if (attempt === maxAttempts) throw new Error(`${options.name} found no free port from ${wanted} on.`);
    wanted = port + 1;
  }
}

/** @returns undefined if another program has the port */
async function tryPort({
  name,
  logFile,
  spawn,
  port,
}: Start & { readonly port: number }): Promise<Tethered | undefined> {
  const instance = randomUUID();
  const started = Promise.withResolvers<'started'>();
  const child = await spawn({
    port,
    // The simulator's variables have a prefix of their own.
    env: { BULKHEAD_INSTANCE_ID: instance, SIMULATOR_INSTANCE_ID: instance },
    onMessage: (message) => {
      if ((message as { readonly port?: unknown }).port === port) started.resolve('started');
    },
  });
  const timer = new AbortController();
  const timeout = delay(startMs, 'timeout' as const, { signal: timer.signal }).catch(() => 'timeout' as const);
  const end = await Promise.race([started.promise, child.exited, timeout]);
  timer.abort();
  if (end === 'started' && (await isAt({ port, instance }))) return child;
  // A child that has started is asked to stop, because its record would otherwise look like that of a crash.
  await child.stop(end === 'started' ? {} : { graceMs: 0 });
  const log = lastLogLines({ file: logFile });
  if (end === 'started' || log.includes('EADDRINUSE')) return undefined;
  const what =
    end === 'timeout'
      ? `has not started within ${startMs / 1000} s`
      : `ended with ${end.signal ?? `exit code ${end.code}`}`;
  throw new Error(`${name} ${what}. The end of ${logFile}:\n${log}`);
}

/**
 * Checks that the child answers. A program that listens on one address of the port would answer instead of a child that
 * listens on all addresses.
 */
async function isAt({ port, instance }: { readonly port: number; readonly instance: string }): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/health`, { headers: { connection: 'close' } });
    return ((await response.json()) as { readonly instance?: unknown }).instance === instance;
  } catch {
    // No answer, or not one of our apps.
    return false;
  }
}
