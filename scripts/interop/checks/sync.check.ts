import type { Scope } from '../compare/known-differences.ts';
import type { ServedRequest } from '../server/start-hapi.ts';
import { type CheckContext, codesOf, compareStored } from './check.ts';

/** Creates a connection and stores its patients, because a sync searches by the stored patients. */
export async function prepareSync({ api, report }: CheckContext): Promise<string> {
  const connectionId = await api.createConnection();
  const view = await api.runExport(connectionId, { exportType: 'Patient', resourceTypes: ['Patient'] });
  report.fact({ what: 'the status of the export of the patients', expected: 'COMPLETED', actual: view.status });
  return connectionId;
}

/** Syncs every patient: searches with pages and compressed answers. */
export async function checkSync(
  context: CheckContext,
  { connectionId, scope }: { readonly connectionId: string; readonly scope: Scope },
): Promise<readonly ServedRequest[]> {
  const { api, report, requests } = context;
  const before = requests.length;
  const run = await api.runSync(connectionId);
  const { status, skipped, warnings, types } = run;
  const expected = { status: 'COMPLETED', skipped: [], warnings: [] };
  report.fact({ what: 'the end of the sync', expected, actual: { status, skipped, warnings: codesOf(warnings) } });
  const searches = requests.slice(before).filter(isSearch);
  const plain = searches.filter(({ encoding }) => encoding !== 'gzip');
  report.fact({ what: 'searches whose answers were not compressed', expected: [], actual: plain });
  await compareStored(context, { connectionId, types: [...new Set(['Patient', ...types])], scope });
  return searches;
}

/** Whether a request is a search or a later page of one. A read of the CapabilityStatement is not a search. */
function isSearch({ method, path }: ServedRequest): boolean {
  return method === 'GET' && /\/fhir(\/[A-Z][A-Za-z]+)?\?/.test(path) && !path.includes('$export');
}

export function isFurtherPage({ path }: ServedRequest): boolean {
  return path.includes('_getpages=');
}
