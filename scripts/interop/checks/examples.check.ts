import type { SourceResource } from '../data/find-data.ts';
import { loadResources } from '../data/load-data.ts';
import { examplesEnvironment } from '../system/provider.ts';
import { type CheckContext, compareStored, completed, endOf } from './check.ts';

/** HAPI forbids a System level export of Binary. */
const withoutExport = ['Binary'];

/** Exports the published files: each resource is stored, found by its id, and read back character by character. */
export async function checkPublishedTexts(
  { api, report }: Pick<CheckContext, 'api' | 'report'>,
  examples: readonly SourceResource[],
): Promise<void> {
  const connectionId = await api.createConnection(examplesEnvironment);
  const view = await api.runExport(connectionId, { exportType: 'System' });
  report.fact({
    what: 'the end of the export of the published files',
    expected: { ...completed(), stored: examples.length },
    actual: { ...endOf(view), stored: view.counts.stored },
  });
  for (const { type, id, text } of examples) {
    const ids = await api.searchIds(connectionId, type, `_id=${id}`);
    report.fact({ what: `the ids that a search for ${type}/${id} finds`, expected: [id], actual: ids });
    const stored = await api.resourceText(connectionId, type, id);
    report.fact({ what: `the text of ${type}/${id}`, expected: text, actual: stored });
  }
}

/** Loads the examples into the server and exports them. @returns the connection, for searches */
export async function checkExamplesOfServer(
  context: CheckContext,
  examples: readonly SourceResource[],
): Promise<{ readonly connectionId: string; readonly types: readonly string[] }> {
  const { api, report, server } = context;
  await loadResources({ server, resources: examples, progress: () => undefined });
  const types = [...new Set(examples.map(({ type }) => type))].filter((type) => !withoutExport.includes(type)).sort();
  const connectionId = await api.createConnection();
  const view = await api.runExport(connectionId, { exportType: 'System', resourceTypes: types });
  report.fact({ what: 'the end of the export of the examples', expected: completed(), actual: endOf(view) });
  await compareStored(context, { connectionId, types, scope: { level: 'System' } });
  return { connectionId, types };
}
