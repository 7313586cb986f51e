import { join } from 'node:path';
import { EmbeddedError, spawnTethered } from '@bulkhead/embedded';
import type { MavenProject } from '../../maven/maven-project.ts';

/** The server, and HAPI's client. */
export const hapiProject: MavenProject = {
  folder: join(import.meta.dirname, '..', 'hapi'),
  name: 'interop-hapi',
  downloads: '256 MB',
};

/** A request as the server logged it. */
export interface ServedRequest {
  readonly method: string;
  /** The path with its query. */
  readonly path: string;
  readonly status: number;
  /** `Content-Encoding` of the response; `identity` if it had none. */
  readonly encoding: string;
}

export interface Hapi {
  /** The FHIR base URL. */
  readonly url: string;
  /** Resolves when the server answers. Requests before that wait. Rejects with its last lines if it exits earlier. */
  readonly ready: Promise<void>;
  /** The class path of the build, for the other programs in it. */
  readonly classPath: string;
  /** All requests so far, in the order of their ends. */
  readonly requests: readonly ServedRequest[];
  stop(): Promise<void>;
}

/**
 * Memory for the database and the files of exports. The JIT's quick tier and the serial collector shorten the start, and so
 * does loading the classes without the verifier, which takes a fifth of the CPU time of the start.
 * Dates without a time zone are in the server's zone, which is UTC as in Bulkhead.
 */
export const javaArgs = [
  ...['-Duser.timezone=UTC', '-Xmx768m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
  ...['-XX:+UnlockDiagnosticVMOptions', '-XX:-BytecodeVerificationRemote'],
];
const keptLines = 15;

/**
 * Starts the server on a free port. It ends with this process. Resolves when the address is known, so that other parts of the
 * system can start at the same time.
 *
 * @throws EmbeddedError with its last lines if it exits before it has an address
 */
export async function startHapi(classPath: string, env: NodeJS.ProcessEnv): Promise<Hapi> {
  const requests: ServedRequest[] = [];
  const lines: string[] = [];
  const bound = Promise.withResolvers<string>();
  const listening = Promise.withResolvers<void>();
  const onLine = (line: string) => {
    const request = readRequest(line);
    if (request) {
      requests.push(request);
      return;
    }
    const [, url] = /^bound to (\S+)$/.exec(line) ?? [];
    if (url !== undefined) bound.resolve(url);
    if (line.startsWith('listening at ')) listening.resolve();
    lines.push(line);
    if (lines.length > keptLines) lines.shift();
  };
  const args = [...javaArgs, '-cp', classPath, 'interop.HapiServer', '0'];
  const child = await spawnTethered({ command: 'java', args, env, output: { onLine } });
  const ended = child.exited.then(() => {
    throw new EmbeddedError({
      code: 'SERVER_DID_NOT_START',
      message: `The FHIR server ended before it was listening. Its last lines:\n${lines.join('\n')}`,
    });
  });
  const ready = Promise.race([listening.promise, ended]);
  // It is awaited later.
  ready.catch(() => undefined);
  const url = await Promise.race([bound.promise, ended]);
  return { url, ready, classPath, requests, stop: () => child.stop() };
}

function readRequest(line: string): ServedRequest | undefined {
  const [, method, path, status, encoding] = /^request (\S+) (\S+) (\d+) (\S+)$/.exec(line) ?? [];
  if (method === undefined || path === undefined || encoding === undefined) return undefined;
  return { method, path, status: Number(status), encoding };
}
