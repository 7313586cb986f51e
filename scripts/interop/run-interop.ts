import type { StepReport } from '@bulkhead/embedded';
import { startScriptedServer } from '@bulkhead/embedded/scripted-server';
import type { Steps } from '../steps/steps.ts';
import { startTestSystem, type TestSystem } from '../test-system/start-test-system.ts';
import type { CheckContext } from './checks/check.ts';
import { checkClient } from './checks/client.check.ts';
import { checkCohort } from './checks/cohort.check.ts';
import { checkDocuments } from './checks/documents.check.ts';
import { checkExamplesOfServer, checkPublishedTexts } from './checks/examples.check.ts';
import {
  checkCancel,
  checkFailedExport,
  checkFullExport,
  checkRefusedTypes,
  checkSinceLast,
  levels,
  refusalsByLevel,
} from './checks/export.checks.ts';
import { checkIncludes } from './checks/includes.check.ts';
import { checkProbe } from './checks/probe.check.ts';
import { checkRecords } from './checks/records.check.ts';
import { checkSearches, type SearchOptions } from './checks/searches.check.ts';
import { checkSync, isFurtherPage, prepareSync } from './checks/sync.check.ts';
import type { Scope } from './compare/known-differences.ts';
import { Report } from './compare/report.ts';
import { changeData } from './data/change-data.ts';
import { choosePart, type Part } from './data/choose-part.ts';
import { findDataFolder, findExamplesFolder, readDataFolder, type SourceResource } from './data/find-data.ts';
import { generatedData } from './data/generated-data.ts';
import { loadData } from './data/load-data.ts';
import { twoPatients } from './data/two-patients.ts';
import { bulkFileRoutes } from './server/bulk-file-routes.ts';
import { FhirServer, type ServedResource } from './server/fhir-server.ts';
import type { Hapi } from './server/start-hapi.ts';
import { InteropApi } from './system/interop-api.ts';
import { provider, providerEnv } from './system/provider.ts';

/** The size of the generated practice: about 650 resources. */
const generatedPatients = 20;

/** Loads the server, starts a system beside it, and runs every check. */
export async function runInterop(options: {
  /** The server, which may still be starting. */
  readonly hapi: Hapi;
  readonly part: Part;
  readonly searches: SearchOptions;
  /** The folder for the system's data and logs. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly steps: Steps;
}): Promise<Report> {
  const { hapi, part, searches, folder, env, steps } = options;
  const examplesFolder = findExamplesFolder(env);
  const examples = examplesFolder === undefined ? [] : readDataFolder(examplesFolder);
  if (examplesFolder === undefined)
    steps.print(
      'Published examples and searches are skipped: FHIR_EXAMPLES_DIR is not set, and no folder of examples is beside the checkout.',
    );
  const fileServer = await startScriptedServer(bulkFileRoutes(examples));
  const dataFolder = findDataFolder(env);
  const report = (step: StepReport) => steps.report(step);
  const patients = Math.max(5, part.patients ?? generatedPatients);
  let system: TestSystem | undefined;
  try {
    // Its simulated athenahealth is used only for generated data.
    const systemEnv = providerEnv({ folder, fhirUrl: hapi.url, examplesUrl: `${fileServer.url}/fhir` });
    system = await startTestSystem({ folder, inMemory: true, patients, report, env: systemEnv });
    const data = dataFolder === undefined ? await generatedData(system) : readDataFolder(dataFolder);
    const resources = choosePart(data, part);
    await steps.run('FHIR server', async () => ({ text: hapi.url, value: await hapi.ready }));
    const server = new FhirServer(hapi.url);
    await steps.run('data', async (progress) => {
      await loadData({ server, resources, progress });
      const source =
        dataFolder ?? 'generated data: INTEROP_DATA_DIR is not set, and no folder of data is beside the checkout';
      return { text: `${resources.length} resources from ${source}`, value: undefined };
    });
    const api = new InteropApi({ ...system, provider });
    const types = [...new Set([...resources.map(({ type }) => type), 'Group'])].sort();
    return await runChecks({ hapi, server, types, examples, searches, api, steps });
  } finally {
    await system?.stop();
    await fileServer.stop();
  }
}

async function runChecks(options: {
  readonly hapi: Hapi;
  readonly server: FhirServer;
  readonly types: readonly string[];
  readonly examples: readonly SourceResource[];
  readonly searches: SearchOptions;
  readonly api: InteropApi;
  readonly steps: Steps;
}): Promise<Report> {
  const { hapi, server, types, examples, searches, api, steps } = options;
  const report = new Report(steps.print);
  let readings = new Map<string, Promise<Map<string, ServedResource>>>();
  const served = (type: string) => {
    const reading = readings.get(type) ?? server.all(type);
    readings.set(type, reading);
    return reading;
  };
  const shared = { server, requests: hapi.requests, types, served };

  /** Runs a check. A check that throws counts as a difference, and the other checks still run. */
  const check = async <Value>(
    name: string,
    run: (context: CheckContext) => Promise<Value>,
  ): Promise<Value | undefined> => {
    // Checks run at the same time, so each has its own counts.
    const own = new Report(steps.print);
    try {
      return await steps.run(name, async () => {
        const value = await run({ ...shared, api, report: own });
        const { compared, different, missing, extra } = own.tally;
        return { text: `${compared} compared, ${different + missing + extra} not as expected`, value };
      });
    } catch (error) {
      const actual = error instanceof Error ? error.message : String(error);
      own.fact({ what: `the check ${name}`, expected: 'completes', actual });
      return undefined;
    } finally {
      report.add(own);
    }
  };

  // It reads its searches from the server's log.
  const runSync = (name: string, { connectionId, scope }: SyncOptions) =>
    connectionId === undefined ? undefined : check(name, (context) => checkSync(context, { connectionId, scope }));

  /** Reads every type before checks run at once, so that the server's log has no searches but theirs. */
  const readServed = async () => {
    readings = new Map();
    await Promise.all(types.map(served));
  };

  await readServed();
  // Alone, because a user waits for it: the API gives up after some seconds.
  await check('connection test', checkConnectionTest);
  const connections = new Map<string, string | undefined>();
  let syncConnection: string | undefined;
  await Promise.all([
    ...levels.map(async (facts) => {
      connections.set(facts.level, await check(`${facts.level} export`, (context) => checkFullExport(context, facts)));
    }),
    ...refusalsByLevel.map((refused) =>
      check(`${refused.level} export of refused types`, (context) => checkRefusedTypes(context, refused)),
    ),
    check('export that fails at the server', checkFailedExport),
    check('cancel of a running export', checkCancel),
    check('exports of a cohort', checkCohort),
    (async () => {
      syncConnection = await check('patients for the sync', prepareSync);
      const searches = await runSync('sync', { connectionId: syncConnection, scope: {} });
      if (searches) {
        const actual = searches.some(isFurtherPage);
        report.fact({ what: 'whether searches had more than one page', expected: true, actual });
      }
    })(),
  ]);

  const deletedUnseen = new Set(await changeData(server));
  await readServed();
  await Promise.all([
    ...levels.map(async (facts) => {
      const connectionId = connections.get(facts.level);
      if (connectionId === undefined) return;
      await check(`${facts.level} export since the last`, (context) =>
        checkSinceLast(context, { facts, connectionId, deletedUnseen }),
      );
    }),
    runSync('sync since the last', { connectionId: syncConnection, scope: { deletedUnseen } }),
  ]);

  const exported = connections.get('System');
  const { classPath } = hapi;
  // It reads Bulkhead only, so it does not disturb the others. Nor do the published files, which come from another server.
  const client =
    exported === undefined
      ? undefined
      : check("HAPI's client", (context) => checkClient(context, { connectionId: exported, classPath }));
  const published =
    examples.length > 0 ? check('published examples', (context) => checkPublishedTexts(context, examples)) : undefined;
  await check('documents', checkDocuments);
  // Its kick-offs would change the log of the others.
  await check('probe', checkProbe);
  if (examples.length > 0) {
    readings = new Map();
    const stored = await check('published examples at the server', (context) =>
      checkExamplesOfServer(context, [...examples, ...twoPatients]),
    );
    if (stored) {
      await check('includes', (context) => checkIncludes(context, stored));
      await check('records of patients', (context) => checkRecords(context, stored));
      await check('searches', (context) => checkSearches(context, { ...searches, ...stored }));
    }
  }
  await Promise.all([client, published]);
  for (const [{ id, reason }, count] of report.known) steps.print(`known difference ${id}, ${count} times: ${reason}`);
  return report;
}

interface SyncOptions {
  /** Undefined if the check that creates the connection failed. */
  readonly connectionId: string | undefined;
  readonly scope: Scope;
}

async function checkConnectionTest({ api, report }: CheckContext): Promise<void> {
  const { ok, steps } = await api.testConnection(await api.createConnection());
  const actual = { ok, steps: steps.map((result) => [result.step, result.ok]) };
  const expected = {
    ok: true,
    steps: [
      ['discovery', true],
      ['read', true],
    ],
  };
  report.fact({ what: 'the connection test', expected, actual });
}
