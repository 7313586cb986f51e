// usage: npm start [-- --once --patients N --data DIR --port P --folder DIR --new-key]
// Starts everything on this machine, exports one practice's data into MongoDB through the API, and keeps serving.
import { join } from 'node:path';
import { apiKeyPrefix } from '@bulkhead/access';
import { EmbeddedError } from '@bulkhead/embedded';
import { onInterrupt } from '../command-line.ts';
import { onStarterGone } from '../on-starter-gone.ts';
import { createSteps } from '../steps/steps.ts';
import { type ApiClient, ApiError, createApiClient } from '../system/api-client.ts';
import { type KeptState, openState, saveState } from '../system/kept-state.ts';
import { type RunningSystem, startSystem } from '../system/system.ts';
import { followExports } from './follow-exports.ts';
import { lastTransactionTime, runMainJob, toStoredText } from './main-job.ts';
import { readOptions, type StartOptions } from './options.ts';
import { accessText, formatTable, ignoredVariablesText, requestsText } from './setup-text.ts';
import { startViteServer } from './vite-server.ts';
import { watchSources } from './watch-sources.ts';

const defaultFolder = join(import.meta.dirname, '..', '..', '.bulkhead');
/** The key of this program. It is created at each start, because only hashes are stored, and deleted at the end. */
const ownKeyName = 'npm start';
const firstKeyName = 'first key';
/** The exit code of the command line for a partial export: docs/cli.md. */
const partialExitCode = 7;
const interrupted = new AbortController();
onInterrupt(() => interrupted.abort());
onStarterGone(() => interrupted.abort());
const steps = createSteps({ stream: process.stdout });

try {
  // npm runs this in the project's folder; INIT_CWD is the user's working directory.
  const options = readOptions(process.argv.slice(2), process.env.INIT_CWD ?? process.cwd());
  process.exit(await run(options));
} catch (error) {
  console.error(error instanceof EmbeddedError || error instanceof ApiError ? error.message : (error as Error).message);
  process.exit(1);
}

interface Serving {
  readonly system: RunningSystem;
  readonly options: StartOptions;
  /** The folder that holds the state. */
  readonly folder: string;
}

interface End {
  readonly exitCode: number;
  /** Printed after everything has stopped. */
  readonly lastLine?: string;
}

async function run(options: StartOptions): Promise<number> {
  // Until there is something to stop in order, Ctrl-C exits at once. The guardians of the child processes end them.
  const exitAtOnce = () => process.exit(130);
  interrupted.signal.addEventListener('abort', exitAtOnce);
  const folder = options.folder ?? defaultFolder;
  const ignored = ignoredVariablesText(process.env);
  if (ignored !== undefined) steps.print(ignored);
  const open = () => {
    const { state, note } = openState(folder);
    steps.print(note);
    return state;
  };
  const system = await startSystem({ folder, openState: open, start: options, steps });
  interrupted.signal.removeEventListener('abort', exitAtOnce);
  let end: End | undefined;
  try {
    end = await serve({ system, options, folder });
  } finally {
    steps.print('stopping');
    await system.store.apiKeys.deleteByName(ownKeyName).catch(() => 0);
    await system.stop();
  }
  if (end.lastLine !== undefined) steps.print(end.lastLine);
  return end.exitCode;
}

async function serve(serving: Serving): Promise<End> {
  const { system, options } = serving;
  const { store, baseUrl, simulatorUrl } = system;
  await store.apiKeys.deleteByName(ownKeyName);
  const ownKey = await store.apiKeys.create({ name: ownKeyName, role: 'operator', now: new Date() });
  const api = createApiClient({ baseUrl, apiKey: ownKey });
  const shownKey = await showableKey(serving);
  const { apiKey } = shownKey;
  steps.print(accessText({ baseUrl, simulatorUrl, apiKey, apiKeyPrefix: shownKey.state.apiKeyPrefix }));
  const { connectionId, isComparable } = await openConnection({ ...serving, api, state: shownKey.state });

  const startedAt = Date.now();
  const since = isComparable ? await lastTransactionTime(store, connectionId) : undefined;
  const result = await steps.run('bulk export', async (progress) => {
    if (since !== undefined) steps.print(`ℹ incremental: only what changed since ${since}`);
    const value = await runMainJob({ api, connectionId, since, progress, signal: interrupted.signal });
    return { text: `${value.exportId}: ${toStoredText(value)} resources`, value };
  });
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  const rows = await store.resources.countByType(connectionId);
  // With --once the API stops now, so these calls would fail.
  if (!options.once) {
    const [patientId] = await store.resources.listIds({ connectionId, resourceType: 'Patient' });
    steps.print(requestsText({ baseUrl, connectionId, exportId: result.exportId, patientId }));
  }
  steps.print(formatTable('Stored in MongoDB (collection, documents)', rows));
  for (const warning of result.warnings) steps.print(`! ${warning}`);
  const total = Object.values(rows).reduce((sum, count) => sum + count, 0);
  if (result.stored + result.promised === 0 && since !== undefined)
    steps.print(`nothing changed since; ${total} resources are stored`);
  const outcome = result.reason ?? (result.partial ? 'partial: the warnings above say what is missing' : undefined);
  const lastLine = `stored ${toStoredText(result)} resources in ${seconds} s${outcome === undefined ? '' : `, ${outcome}`}`;
  if (result.reason !== undefined) return { exitCode: 1, lastLine };
  if (options.once) return { exitCode: result.partial ? partialExitCode : 0, lastLine };
  steps.print(lastLine);
  steps.print('\nServing, and following new exports. Ctrl-C stops everything.');
  if (!options.dev) return { exitCode: await follow(system) };
  const stopDevelopment = await startDevelopment(system);
  try {
    return { exitCode: await follow(system) };
  } finally {
    await stopDevelopment();
  }
}

/** Restarts the API and the worker when their sources change, and serves the console with hot reload. */
async function startDevelopment({ apps, baseUrl }: RunningSystem): Promise<() => Promise<void>> {
  const vite = await startViteServer(baseUrl);
  // Before the lines below, because a user who reads them may change a source at once.
  const stopWatching = watchSources((file) => {
    steps.print(`${file} has changed, restarting the API and the worker`);
    for (const app of apps) void app.restart();
  });
  steps.print(`console with hot reload: ${vite.url}`);
  steps.print('inspectors: 127.0.0.1:9230 (API), 127.0.0.1:9231 (worker)');
  return async () => {
    stopWatching();
    await vite.stop();
  };
}

async function follow({ store, exited }: RunningSystem): Promise<number> {
  const aborted = new Promise<'aborted'>((resolve) => {
    if (interrupted.signal.aborted) resolve('aborted');
    interrupted.signal.addEventListener('abort', () => resolve('aborted'));
  });
  void followExports({ store, print: steps.print, signal: interrupted.signal });
  const end = await Promise.race([aborted, exited]);
  if (end === 'aborted') return 0;
  steps.print(`✘ ${end.service} ended: ${end.detail}`);
  return 1;
}

/** Creates and shows the user's key once: at the first start, or if the user asks for a new one. */
async function showableKey({ system: { store, state }, folder, options }: Serving) {
  if (state.apiKeyPrefix !== undefined && !options.newKey) return { apiKey: undefined, state };
  await store.apiKeys.deleteByName(firstKeyName);
  const apiKey = await store.apiKeys.create({ name: firstKeyName, role: 'operator', now: new Date() });
  const withKey = { ...state, apiKeyPrefix: apiKeyPrefix(apiKey) };
  saveState({ folder, state: withKey });
  return { apiKey, state: withKey };
}

/**
 * Returns the connection of this data source, and whether an incremental export makes sense. It does only if the source
 * is the one of the last export: a practice of another size is exported in full.
 */
async function openConnection(serving: Serving & { readonly api: ApiClient; readonly state: KeptState }) {
  const { api, state, folder, system } = serving;
  const { dataDir, patients } = serving.options;
  const source = dataDir ?? 'generated';
  const fhirEndpoint = `${system.simulatorUrl}/fhir/r4`;
  const earlier = state.connections[source];
  const all = await api<{ id: string; fhirEndpoint: string; auth: { scope?: string } }[]>(
    'GET',
    '/api/ehr/connections',
  );
  const usable = all.find(
    ({ id, fhirEndpoint: endpoint, auth: { scope = '' } }) =>
      // The simulator refuses the wildcard that earlier versions requested.
      id === earlier?.id && endpoint === fhirEndpoint && !scope.includes('*'),
  );
  const connection =
    usable ??
    (await api<{ id: string }>('POST', '/api/ehr/connections', {
      provider: 'athenahealth',
      practiceId: '195900',
      // The earlier connection of other data, or of another port, stays.
      force: true,
      auth: { method: 'client_credentials', scopeVersion: 'v2' },
    }));
  const connections = { ...state.connections, [source]: { id: connection.id, ...(dataDir ? {} : { patients }) } };
  saveState({ folder, state: { ...state, connections } });
  return {
    connectionId: connection.id,
    isComparable: usable !== undefined && (dataDir !== undefined || earlier?.patients === patients),
  };
}
