import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { cacheFolder, runCommand, spawnTethered } from '@bulkhead/embedded';
import { FhirServer } from '../interop/server/fhir-server.ts';
import { javaArgs } from '../interop/server/start-hapi.ts';
import { buildForTest } from '../maven/maven-project.ts';

const { env } = process;
const name = 'inferno-reference-server';
const version = 'v4.0.1';
/** The repository has 5 MB. */
const cloneMs = 120_000;

export interface Inferno {
  /** The folder of its sources. */
  readonly folder: string;
  readonly classPath: string;
}

/** Builds the Inferno reference server, once per machine: a HAPI with an authorization server and bulk exports of its own. */
export async function buildInferno(): Promise<Inferno | { readonly missing: string }> {
  const sources = await cloneInferno();
  if ('missing' in sources) return sources;
  const built = await buildForTest({ project: { ...sources, name, downloads: '320 MB' }, env });
  return 'missing' in built ? built : { ...sources, ...built };
}

/** Its sources are on no package registry. INFERNO_REPOSITORY is another address of them, such as a mirror. */
async function cloneInferno(): Promise<{ readonly folder: string } | { readonly missing: string }> {
  const repository = env.INFERNO_REPOSITORY ?? `https://github.com/inferno-framework/${name}`;
  const root = join(cacheFolder(env), `${name}-sources`);
  const folder = join(root, version);
  if (existsSync(folder)) return { folder };
  mkdirSync(root, { recursive: true });
  const cloned = mkdtempSync(join(root, 'cloning-'));
  try {
    const args = ['clone', '--quiet', '--depth', '1', '--branch', version, repository, cloned];
    await runCommand({ command: 'git', args, env: { ...env, GIT_TERMINAL_PROMPT: '0' }, timeoutMs: cloneMs });
    rmSync(join(cloned, '.git'), { recursive: true });
    renameSync(cloned, folder);
    return { folder };
  } catch (error) {
    // Another test run was faster.
    if (existsSync(folder)) return { folder };
    return { missing: `INFERNO_REPOSITORY can be another address of its sources. ${error}` };
  } finally {
    rmSync(cloned, { recursive: true, force: true });
  }
}

/** Its own tests run it on this database. */
const properties = {
  'datasource.driver': 'org.h2.Driver',
  'datasource.url': 'jdbc:h2:mem:inferno;DB_CLOSE_DELAY=-1',
  'datasource.username': '',
  'datasource.password': '',
  'hibernate.dialect': 'ca.uhn.fhir.jpa.model.dialect.HapiFhirH2Dialect',
  'hibernate.format_sql': 'false',
  'hibernate.show_sql': 'false',
  'hibernate.hbm2ddl.auto': 'update',
  'inferno.resources_folder': '',
};
const keptLines = 15;
/** With it, a test reads and writes without a client. */
const token = 'token-of-the-test';

/** Where a server at this port will be. */
export function infernoUrl(port: number): string {
  return `http://127.0.0.1:${port}/reference-server/r4`;
}

/** Starts the server without data. @param options.clients as its documentation has them */
export async function startInferno(
  options: Inferno & { readonly port: number; readonly clients: readonly object[] },
): Promise<{ readonly server: FhirServer; stop(): Promise<void> }> {
  const { folder: sources, classPath, port, clients } = options;
  const folder = mkdtempSync(join(tmpdir(), 'bulkhead-inferno-'));
  const clientsFolder = join(folder, 'clients');
  mkdirSync(clientsFolder);
  writeFileSync(join(clientsFolder, 'clients.json'), JSON.stringify(clients));
  const lines = Object.entries({ ...properties, 'inferno.clients_folder': clientsFolder });
  writeFileSync(join(folder, 'hapi.properties'), lines.map((line) => line.join('=')).join('\n'));
  const program = join(import.meta.dirname, 'inferno', 'InfernoServer.java');
  const webapp = join(sources, 'src', 'main', 'webapp');
  const output: string[] = [];
  const listening = Promise.withResolvers<void>();
  const onLine = (line: string) => {
    if (line === 'listening') listening.resolve();
    else output.push(line);
  };
  const child = await spawnTethered({
    command: 'java',
    args: [...javaArgs, '-cp', [folder, classPath].join(delimiter), program, String(port), webapp],
    env: { ...env, READ_ONLY: 'false', CUSTOM_BEARER_TOKEN: token },
    output: { onLine },
  });
  const ended = child.exited.then(() => {
    throw new Error(`The Inferno reference server has ended:\n${output.slice(-keptLines).join('\n')}`);
  });
  await Promise.race([listening.promise, ended]);
  ended.catch(() => undefined);
  return {
    // A search must not have the results of an earlier one.
    server: new FhirServer(infernoUrl(port), { authorization: `Bearer ${token}`, 'cache-control': 'no-cache' }),
    async stop() {
      await child.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
