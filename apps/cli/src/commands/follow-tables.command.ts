import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '@bulkhead/client';
import { command } from '../command.ts';
import type { Context } from '../context.ts';
import { download } from '../download.ts';
import { CliError } from '../exit-codes.ts';
import { option } from '../option.ts';
import { type Downloaded, TableFolder } from '../table-folder/table-folder.ts';
import { isCode, openFolder } from './follow-resources.command.ts';
import { listViews, readDefinitions, type TableQuery, type TableSource, tableAnswer } from './table-sources.ts';

/** The API may be unavailable for so long, which is enough for an upgrade. */
const giveUpAfterMs = 5 * 60_000;

export const followTables = command({
  name: 'follow',
  summary: 'keep a folder with Parquet files for each view current, with deletions and erasures',
  options: {
    connection: option.required(option.repeated('<id>', 'a connection of the resources')),
    out: option.required(option.text('<folder>', 'the folder for the files')),
    views: option.list('<names>', 'comma-separated names of views (default: all)'),
    definitions: option.text('<folder>', 'a folder with a file NAME.json for each of your ViewDefinitions'),
    every: option.withDefault(option.wholeNumber('<seconds>', 'how often to ask for changes'), 60),
    keep: option.withDefault(option.wholeNumber('<days>', 'of how many earlier days the last state is kept'), 1),
    once: option.flag('stop when the folder is current'),
  },
  examples: [
    'tables follow --connection conn_1 --out tables --once',
    'tables follow --connection conn_1 --out labs --views patient,lab_result --once',
    'tables follow --connection conn_1 --out own --definitions views --once',
  ],
  async run(context, { connection: connectionIds, out, views, definitions, every, keep, once = false }) {
    const subject = { connectionIds, ...(views === undefined ? {} : { views }) };
    const waitForSpace = async (error: unknown) => {
      if (once || !isFull(error)) throw error;
      context.output.printWarning(`The disk of ${out} is full. Free some space: this program waits for it.`);
      await sleep(every * 1000);
    };
    const folder = await openWithSpace(() => {
      openFolder(out);
      return TableFolder.open(out, { subject, keepDays: keep, onWait: () => context.output.printProgress(lockedText) });
    }, waitForSpace);
    try {
      let reachedAt = performance.now();
      for (;;) {
        const round = { folder, connectionIds, views, definitions };
        const failures = await follow(context, round).catch(async (error: unknown) => {
          if (isFull(error)) folder.discard();
          await waitForSpace(error);
          return [];
        });
        const [first] = failures;
        if (!failures.some(isUnavailable)) reachedAt = performance.now();
        if (first !== undefined && (once || performance.now() - reachedAt > giveUpAfterMs)) throw first;
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

const lockedText = 'The folder is locked. Waiting to see if its program still runs.';

async function openWithSpace(
  open: () => Promise<TableFolder>,
  waitForSpace: (error: unknown) => Promise<void>,
): Promise<TableFolder> {
  for (;;) {
    try {
      return await open();
    } catch (error) {
      await waitForSpace(error);
    }
  }
}

interface Round {
  readonly folder: TableFolder;
  readonly connectionIds: readonly string[];
  readonly views: readonly string[] | undefined;
  readonly definitions: string | undefined;
}

/**
 * Brings the folder up to date: first without what was deleted or erased, then with the rest. A view that fails does not stop the others.
 * @returns what has failed and may work later
 */
async function follow(context: Context, round: Round): Promise<readonly unknown[]> {
  const { folder } = round;
  const failures: unknown[] = [];
  const attempt = async (work: () => Promise<void>, view?: string) => {
    try {
      await work();
    } catch (error) {
      if (endsAll(error)) throw error;
      failures.push(error);
      const { message } = error as Error;
      if (view !== undefined) folder.fail(view, message);
      context.output.printWarning(view === undefined ? message : `${view}: ${message}`);
    }
  };
  let sources: readonly TableSource[] = [];
  await attempt(async () => {
    sources = await sourcesOf(context, round);
    folder.keepOnly(sources.map(({ name }) => name));
  });
  for (const source of sources) {
    await attempt(() => removeDeleted(context, round, source.name), source.name);
    if (failures.some(isUnavailable)) return failures;
  }
  if (sources.length > 0) folder.commit();
  for (const source of sources) await attempt(() => update(context, round, source), source.name);
  if (sources.length > 0) folder.commit();
  if (failures.length === 0) context.output.printProgress(`${sources.length} views are current`);
  return failures;
}

/** The followed views. Your own view is followed instead of a published one with its name. */
async function sourcesOf(context: Context, { views, definitions }: Round): Promise<readonly TableSource[]> {
  const own = definitions === undefined ? [] : readDefinitions(definitions);
  const isOwn = (name: string) => own.some((source) => source.name === name);
  const named = views ?? [...(await listViews(context)), ...own.map(({ name }) => name)];
  const published = [...new Set(named)].filter((name) => !isOwn(name)).map((name) => ({ name }));
  return [...published, ...own.filter(({ name }) => named.includes(name))];
}

/** Asks with a view that has nothing but the key, because that of the table may be wrong today. */
async function removeDeleted(context: Context, round: Round, name: string): Promise<void> {
  const { folder } = round;
  const table = folder.table(name);
  if (table === undefined) return;
  const column = [{ name: table.key, path: 'getResourceKey()', type: 'id' }];
  const view = JSON.stringify({ resource: table.type, select: [{ column }] });
  try {
    const query = { _since: table.until, deletedOnly: 'true' } as const;
    await downloadTable(context, round, { source: { name, view }, query });
    await folder.remove(name);
  } catch (error) {
    // What was deleted or erased meanwhile is no longer known, so its rows would stay.
    if (!isCode(error, 'history-expired')) throw error;
    folder.drop(name);
  }
}

async function update(context: Context, round: Round, source: TableSource): Promise<void> {
  const { folder } = round;
  const { name } = source;
  const since = folder.table(name)?.until;
  if (since !== undefined) {
    const downloaded = await downloadTable(context, round, { source, query: { _since: since } });
    if (await folder.apply(name, downloaded)) return;
    context.output.printProgress(`${name} is read again, because its definition has changed.`);
  }
  await folder.replace(name, await downloadTable(context, round, { source, query: {} }));
}

async function downloadTable(
  context: Context,
  { folder, connectionIds }: Round,
  { source, query }: { readonly source: TableSource; readonly query: Partial<TableQuery> },
): Promise<Downloaded> {
  const answer = await tableAnswer(context, {
    ...source,
    query: { connectionId: [...connectionIds], format: 'parquet', ...query },
  });
  await download(answer, { stdout: context.stdout, file: folder.downloadFile });
  const header = (name: string) => answer.response.headers.get(`x-table-${name}`) ?? '';
  return { until: header('until'), hash: header('view'), type: header('type'), key: header('key') };
}

/** Whether views can no longer be followed. */
function endsAll(error: unknown): boolean {
  if (isFull(error)) return true;
  if (error instanceof ApiError)
    return [401, 403].includes(error.status) || aboutConnection.some((code) => isCode(error, code));
  return !(error instanceof CliError) || error.exit === 'conflict' || error.exit === 'usage';
}

const aboutConnection = ['unknown-connection', 'connection-purged', 'unknown-provider'];

function isUnavailable(error: unknown): boolean {
  if (error instanceof CliError) return error.exit === 'unavailable';
  return error instanceof ApiError && ([0, 429].includes(error.status) || error.status >= 500);
}

function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');
}
