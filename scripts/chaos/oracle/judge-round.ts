import type { Watermark } from '@bulkhead/bulk-export';
import type { ExportWatch } from '../export/export-watch.ts';
import type { ChaosSystem } from '../system/start-chaos-system.ts';
import type { Finding } from './finding.ts';
import { judgeDownloads } from './judge-downloads.ts';
import { judgeEnds, type RoundExport } from './judge-end.ts';
import { judgeKickOffs, type Strike } from './judge-kick-offs.ts';
import { judgeLedger } from './judge-ledger.ts';
import { judgeOrders } from './judge-orders.ts';
import { judgeResources } from './judge-resources.ts';
import { judgeViolations } from './judge-violations.ts';
import { judgeWatermarks } from './judge-watermarks.ts';
import { readDifferences } from './read-differences.ts';

export interface RoundFacts {
  readonly system: ChaosSystem;
  readonly watch: ExportWatch;
  readonly exports: readonly (RoundExport & { readonly orderedAtMs: number })[];
  readonly strikes: readonly Strike[];
  readonly mayFail: boolean;
  readonly takesProcesses: boolean;
  /** As they were before the round. */
  readonly watermarks: readonly Watermark[];
  /** Kinds that were ordered from the simulator. */
  readonly faults: readonly string[];
}

export interface RoundVerdict {
  readonly findings: readonly Finding[];
  readonly unavoidableKickOffs: number;
}

/** Every rule, on what the simulator serves and saw, what MongoDB holds and what the API said. */
export async function judgeRound(facts: RoundFacts): Promise<RoundVerdict> {
  const { system, watch, exports, strikes, mayFail, takesProcesses } = facts;
  const { simulator, store, connectionId } = system;
  const requests = await simulator.requests();
  const differences = await readDifferences(system);
  const followed = exports.flatMap(({ exportId = '' }) => exportId);
  const files = (await Promise.all(followed.map((id) => store.outputFiles.listByExport(id)))).flat();
  const watermarks = await store.watermarks.list({ connectionId });
  const kickOffs = judgeKickOffs({
    requests,
    orderedAtMs: exports.map(({ orderedAtMs }) => orderedAtMs),
    strikes: takesProcesses ? strikes : [],
  });
  const findings: Finding[] = [
    ...judgeResources(differences),
    ...judgeLedger(files),
    ...judgeDownloads({ requests, samples: watch.samples }),
    ...kickOffs.findings,
    ...judgeOrders({ seen: await findExports(system, watch.exportIds), followed }),
    ...judgeWatermarks({
      watermarks,
      earlier: facts.watermarks,
      exports: await findExports(system, [...new Set(watermarks.map(({ exportId }) => exportId))]),
      differences,
    }),
    ...judgeEnds({ exports, mayFail, differences: differences.length }),
    ...judgeViolations({ violations: await simulator.violations(), faults: facts.faults }),
  ];
  return { findings, unavoidableKickOffs: kickOffs.unavoidable };
}

async function findExports({ store }: ChaosSystem, ids: readonly string[]) {
  const records = await Promise.all(ids.map((id) => store.bulkExports.find(id)));
  return records.filter((record) => record !== undefined);
}
