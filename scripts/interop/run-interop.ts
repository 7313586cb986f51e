import type { StepReport } from '@bulkhead/embedded';
import type { ChaosSystem } from '../chaos/system/start-chaos-system.ts';
import type { Steps } from '../steps/steps.ts';
import type { CheckContext } from './checks/check.ts';
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
import { checkSearches, type SearchOptions } from './checks/searches.check.ts';
import { checkSweeps, checkSync, isFurtherPage, prepareSync } from './checks/sync.check.ts';
import { Report } from './compare/report.ts';
import { changeData } from './data/change-data.ts';
import { choosePart, type Part } from './data/choose-part.ts';
import {
  findDataFolder,
  findExamplesFolder,
  readDataFolder,
  type SourceResource,
  toSourceResource,
} from './data/find-data.ts';
import { loadData } from './data/load-data.ts';
import { startBulkFileServer } from './server/bulk-file-server.ts';
import { FhirServer, type ServedResource } from './server/fhir-server.ts';
import type { Hapi } from './server/start-hapi.ts';
import { InteropApi } from './system/interop-api.ts';
import { practiceWideProvider, provider, startInteropSystem } from './system/start-interop-system.ts';

/** The size of the generated practice: about 650 resources. */
const generatedPatients = 20;

/** Loads the server, starts a system beside it, and runs every check. */
export async function runInterop(options: {
  readonly hapi: Hapi;
  readonly part: Part;
  readonly searches: SearchOptions;
  /** The folder for the system's data and logs. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly steps: Steps;
}): Promise<Report> {
  const { hapi, part, searches, folder, env, steps } = options;
  const examplesFolder = findExamplesFolder({ env });
  const examples = examplesFolder === undefined ? [] : readDataFolder(examplesFolder);
  if (examplesFolder === undefined)
    steps.print(
      'Published examples and searches are skipped: FHIR_EXAMPLES_DIR is not set, and no folder of examples is beside the checkout.',
    );
  const fileServer = await startBulkFileServer(examples);
  const dataFolder = findDataFolder({ env });
  const report = (step: StepReport) => steps.report(step);
  const patients = Math.max(5, part.patients ?? generatedPatients);
  let system: ChaosSystem | undefined;
  try {
    system = await startInteropSystem({ folder, fhirUrl: hapi.url, examplesUrl: fileServer.url, patients, report });
    const data = dataFolder === undefined ? await generated(system) : readDataFolder(dataFolder);
    const resources = choosePart(data, part);
    const server = new FhirServer(hapi.url);
    await steps.run('data', async (progress) => {
      await loadData({ server, resources, progress });
      const source =
        dataFolder ?? 'generated data: INTEROP_DATA_DIR is not set, and no folder of data is beside the checkout';
      return { text: `${resources.length} resources from ${source}`, value: undefined };
    });
    const types = [...new Set(resources.map(({ type }) => type)), 'Group'];
    const api = new InteropApi({ ...system, provider });
    const practiceWideApi = new InteropApi({ ...system, provider: practiceWideProvider });
    const options = {
      hapi,
      server,
      types: [...new Set(types)].sort(),
      examples,
      searches,
      api,
      practiceWideApi,
      steps,
    };
    return await runChecks(options);
  } finally {
    await system?.stop();
    await fileServer.stop();
  }
}

/** Returns the data of the simulated athenahealth. */
async function generated({ simulator }: ChaosSystem): Promise<SourceResource[]> {
  const resources: SourceResource[] = [];
  for (const type of Object.keys(await simulator.types())) {
    // A Binary is a document and not a record. The check of documents creates its own.
    if (type !== 'Binary') resources.push(...(await simulator.lines(type)).map(toSourceResource));
  }
  return resources;
}

async function runChecks(options: {
  readonly hapi: Hapi;
  readonly server: FhirServer;
  readonly types: readonly string[];
  readonly examples: readonly SourceResource[];
  readonly searches: SearchOptions;
  readonly api: InteropApi;
  /** For the same server, whose types are searched without a patient. */
  readonly practiceWideApi: InteropApi;
  readonly steps: Steps;
}): Promise<Report> {
  const { hapi, server, types, examples, searches, api, practiceWideApi, steps } = options;
  const report = new Report(steps.print);
  let readings = new Map<string, Promise<Map<string, ServedResource>>>();
  const served = (type: string) => {
    const reading = readings.get(type) ?? server.all(type);
    readings.set(type, reading);
    return reading;
  };
  const context: CheckContext = { api, server, requests: hapi.requests, report, types, served };
  const practiceWide: CheckContext = { ...context, api: practiceWideApi };

  /** Runs a check. A check that throws counts as a difference, and the other checks still run. */
  const check = async <Value>(name: string, run: () => Promise<Value>): Promise<Value | undefined> => {
    const before = { ...report.tally };
    try {
      return await steps.run(name, async () => {
        const value = await run();
        const { compared, different, missing, extra } = report.tally;
        const differenceCount = different + missing + extra - before.different - before.missing - before.extra;
        return { text: `${compared - before.compared} compared, ${differenceCount} not as expected`, value };
      });
    } catch (error) {
      const actual = error instanceof Error ? error.message : String(error);
      report.fact({ what: `the check ${name}`, expected: 'completes', actual });
      return undefined;
    }
  };

  await check('connection test', async () => {
    const { ok, steps: results } = await api.testConnection(await api.createConnection());
    const actual = { ok, steps: results.map((result) => [result.step, result.ok]) };
    const expected = {
      ok: true,
      steps: [
        ['discovery', true],
        ['read', true],
      ],
    };
    report.fact({ what: 'the connection test', expected, actual });
  });
  const connections = new Map<string, string | undefined>();
  for (const facts of levels) {
    connections.set(facts.level, await check(`${facts.level} export`, () => checkFullExport(context, facts)));
  }
  const syncConnection = await check('patients for the sync', () => prepareSync(context));
  if (syncConnection !== undefined) {
    await check('sync', async () => {
      const searches = await checkSync(context, { connectionId: syncConnection, scope: {} });
      report.fact({
        what: 'whether searches had more than one page',
        expected: true,
        actual: searches.some(isFurtherPage),
      });
    });
  }

  const sweptConnection = await check('patients for the sync of the practice', () => prepareSync(practiceWide));
  if (sweptConnection !== undefined) {
    await check('sync of the practice', () => checkSweeps(practiceWide, { connectionId: sweptConnection, scope: {} }));
  }

  const changes = await changeData(server);
  readings = new Map();
  const deletedUnseen = new Set(changes.deleted);
  for (const facts of levels) {
    const connectionId = connections.get(facts.level);
    if (connectionId === undefined) continue;
    await check(`${facts.level} export since the last`, () =>
      checkSinceLast(context, { facts, connectionId, changes }),
    );
  }
  if (syncConnection !== undefined) {
    await check('sync since the last', () =>
      checkSync(context, { connectionId: syncConnection, scope: { deletedUnseen } }),
    );
  }
  if (sweptConnection !== undefined) {
    await check('sync of the practice since the last', () =>
      checkSweeps(practiceWide, { connectionId: sweptConnection, scope: { deletedUnseen } }),
    );
  }

  for (const refused of refusalsByLevel) {
    await check(`${refused.level} export of refused types`, () => checkRefusedTypes(context, refused));
  }
  await check('export that fails at the server', () => checkFailedExport(context));
  await check('cancel of a running export', () => checkCancel(context));
  await check('documents', () => checkDocuments(context));
  if (examples.length > 0) {
    await check('published examples', () => checkPublishedTexts(context, examples));
    readings = new Map();
    const exported = await check('published examples at the server', () => checkExamplesOfServer(context, examples));
    if (exported) await check('searches', () => checkSearches(context, { ...searches, ...exported }));
  }
  for (const [{ id, reason }, count] of report.known) steps.print(`known difference ${id}, ${count} times: ${reason}`);
  return report;
}
