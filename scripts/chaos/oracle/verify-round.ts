import type { Watermark } from '@bulkhead/imports/export';
import type { TestSystem } from '../../test-system/start-test-system.ts';
import type { ExportWatch } from '../export/export-watch.ts';
import { readDifferences, verifyResources } from './compare-resources.ts';
import type { Finding } from './finding.ts';
import { type RoundExport, verifyEnds } from './verify-end.ts';
import { verifyLedger, verifyWatermarks } from './verify-records.ts';
import { type Disruption, verifyDownloads, verifyKickOffs, verifyOrders, verifyViolations } from './verify-requests.ts';

export interface RoundFacts {
  readonly system: TestSystem;
  readonly watch: ExportWatch;
  readonly exports: readonly (RoundExport & { readonly orderedAtMs: number })[];
  readonly disruptions: readonly Disruption[];
  readonly mayFail: boolean;
  readonly takesProcesses: boolean;
  /** The watermarks before the round. */
  readonly watermarks: readonly Watermark[];
  /** The kinds of faults that the simulator had to inject. */
  readonly faults: readonly string[];
}

export interface RoundVerdict {
  readonly findings: readonly Finding[];
  readonly unavoidableKickOffs: number;
}

/**
 * Verifies every rule against the simulator's data and requests, the contents of MongoDB and the answers of the API.
 */
export async function verifyRound(facts: RoundFacts): Promise<RoundVerdict> {
  const { system, watch, exports, disruptions, mayFail, takesProcesses } = facts;
  const { simulator, store, connectionId } = system;
  const requests = await simulator.requests();
  const differences = await readDifferences(system);
  const followed = exports.flatMap(({ exportId = '' }) => exportId);
  const files = (await Promise.all(followed.map((id) => store.outputFiles.listByExport(id)))).flat();
  const watermarks = await store.watermarks.list({ connectionId });
  const kickOffs = verifyKickOffs({
    requests,
    orderedAtMs: exports.map(({ orderedAtMs }) => orderedAtMs),
    disruptions: takesProcesses ? disruptions : [],
  });
  const findings: Finding[] = [
    ...verifyResources(differences),
    ...verifyLedger(files),
    ...verifyDownloads(requests, watch.samples),
    ...kickOffs.findings,
    ...verifyOrders(await findExports(system, [...watch.exportIds]), followed),
    ...verifyWatermarks({
      watermarks,
      earlier: facts.watermarks,
      exports: await findExports(system, [...new Set(watermarks.map(({ exportId }) => exportId))]),
      differences,
    }),
    ...verifyEnds({ exports, mayFail, differences: differences.length }),
    ...verifyViolations((await simulator.violations()).violations, facts.faults),
  ];
  return { findings, unavoidableKickOffs: kickOffs.unavoidable };
}

async function findExports({ store }: TestSystem, ids: readonly string[]) {
  const records = await Promise.all(ids.map((id) => store.bulkExports.find(id)));
  return records.filter((record) => record !== undefined);
}
