import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, answerOf } from '@bulkhead/client';
import { command } from '../command.ts';
import type { Context } from '../context.ts';
import { download } from '../download.ts';
import { CliError } from '../exit-codes.ts';
import { option } from '../option.ts';
import { TableFolder } from '../table-folder/table-folder.ts';
import { isCode, openFolder } from './follow-resources.command.ts';

/** The API may be unavailable for so long, which is enough for an upgrade. */
const giveUpAfterMs = 5 * 60_000;

export const followTables = command({
  name: 'follow',
  summary: 'keep a folder with Parquet files for each view current, with deletions and erasures',
  options: {
    connection: option.required(option.repeated('<id>', 'a connection of the resources')),
    out: option.required(option.text('<folder>', 'the folder for the files')),
    views: option.list('<names>', 'comma-separated names of views (default: all)'),
    every: option.withDefault(option.wholeNumber('<seconds>', 'how often to ask for changes'), 60),
    once: option.flag('stop when the folder is current'),
  },
  examples: [
    'tables follow --connection conn_1 --out tables --once',
    'tables follow --connection conn_1 --out labs --views patient,lab_result --once',
  ],
  async run(context, { connection: connectionIds, out, views, every, once = false }) {
    openFolder(out);
    const subject = { connectionIds, ...(views === undefined ? {} : { views }) };
    const onWait = () =>
      context.output.printProgress('The folder is locked. Waiting to see if its program still runs.');
    const folder = await TableFolder.open(out, { subject, onWait });
    try {
      let succeededAt = performance.now();
      for (;;) {
        const failures = await updateAll(context, { folder, connectionIds, views });
        if (failures.length === 0) succeededAt = performance.now();
        const [first] = failures;
        if (first !== undefined && (once || performance.now() - succeededAt > giveUpAfterMs)) throw first;
        if (once) return;
        await sleep(every * 1000);
      }
    } catch (error) {
      if (isCode(error, 'connection-purged')) folder.clear();
      throw error;
    } finally {
      folder.close();
    }
  },
});

interface Update {
  readonly folder: TableFolder;
  readonly connectionIds: readonly string[];
}

/** Brings each view up to date. One that fails does not stop the others. @returns what has failed and may work later */
async function updateAll(
  context: Context,
  { views: chosen, ...options }: Update & { readonly views: readonly string[] | undefined },
): Promise<readonly unknown[]> {
  const failures: unknown[] = [];
  const attempt = async (work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      if (!mayWorkLater(error)) throw error;
      failures.push(error);
      context.output.printWarning((error as Error).message);
    }
  };
  let views = chosen ?? [];
  await attempt(async () => {
    views = chosen ?? (await listViews(context));
    options.folder.keepOnly(views);
  });
  for (const view of views) await attempt(() => update(context, { ...options, view }));
  if (failures.length === 0) context.output.printProgress(`${views.length} views are current`);
  return failures;
}

async function listViews({ api, provider }: Context): Promise<string[]> {
  const { data } = answerOf(await api.GET('/api/ehr/{provider}/tables', { params: { path: { provider } } }));
  // Otherwise the tables of the folder would be deleted like those of views that no longer exist.
  if (data.length === 0) throw new CliError('unavailable', 'The API has no views.');
  return data.map(({ name }) => name);
}

async function update(context: Context, options: Update & { readonly view: string }): Promise<void> {
  const { folder, view } = options;
  const since = folder.since(view);
  if (since !== undefined) {
    try {
      const until = await downloadTable(context, { ...options, since });
      if (await folder.apply(view, until)) return;
    } catch (error) {
      if (!isCode(error, 'history-expired')) throw error;
    }
    context.output.printProgress(`${view} is read again, because its columns or its age do not allow to continue.`);
  }
  await folder.replace(view, await downloadTable(context, { ...options, since: undefined }));
}

/** @returns the time at which the next download continues */
async function downloadTable(
  { api, provider, stdout }: Context,
  options: Update & { readonly view: string; readonly since: string | undefined },
): Promise<string> {
  const { folder, view, connectionIds, since } = options;
  const query = {
    connectionId: [...connectionIds],
    format: 'parquet' as const,
    ...(since === undefined ? {} : { _since: since }),
  };
  const params = { path: { provider, view }, query };
  const answer = await api.GET('/api/ehr/{provider}/tables/{view}', { params, parseAs: 'stream' });
  await download(answer, { stdout, file: folder.downloadFile });
  return answer.response.headers.get('x-table-until') ?? '';
}

/** Whether the API was not reached, or one view of the others cannot be computed from the data of today. */
function mayWorkLater(error: unknown): boolean {
  if (error instanceof CliError) return error.exit === 'unavailable';
  if (!(error instanceof ApiError)) return false;
  return [0, 429].includes(error.status) || error.status >= 500 || isCode(error, 'view-failed');
}
