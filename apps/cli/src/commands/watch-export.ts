import { answerOf, type components, followEvents } from '@bulkhead/client';
import { MultiBar, type SingleBar } from 'cli-progress';
import type { Context } from '../context.ts';
import { toCount } from '../output/for-people.ts';
import { toTerminalText } from '../output/terminal-text.ts';

export type Export = components['schemas']['Export'];
type OutputFile = components['schemas']['OutputFile'];

/**
 * Waits until an export ends. A person sees a bar for each file, and a bar for the whole export with the remaining time. A program
 * gets no output until the end.
 */
export async function watchExport(context: Context, id: string): Promise<Export> {
  const { api, output, provider } = context;
  const bars = output.isWatched ? createBars() : undefined;
  const path = '/api/ehr/{provider}/bulk-export/{jobId}/events';
  const params = { path: { provider, jobId: id } };
  const open = () => api.GET(path, { params, parseAs: 'stream' });
  const files = new Map<string, OutputFile>();
  const addAll = (changed: readonly OutputFile[]) => {
    for (const file of changed) files.set(file.id, file);
  };
  try {
    for await (const { name, data } of followEvents<{ export: Export; files: OutputFile[] }>(open)) {
      if (bars === undefined) continue;
      if (name === 'files') {
        addAll(data);
        continue;
      }
      // The stream reports only files that change.
      if (data.counts.files > files.size) addAll(await readFiles(context, id));
      bars.show(data, [...files.values()]);
    }
    const record = await readExport(context, id);
    bars?.show(record, await readFiles(context, id));
    return record;
  } finally {
    bars?.stop();
  }
}

export async function readExport({ api, provider }: Context, id: string, signedUrls = false): Promise<Export> {
  const params = { path: { provider, jobId: id }, query: toQuery(signedUrls) };
  return answerOf(await api.GET('/api/ehr/{provider}/bulk-export/{jobId}', { params })).data;
}

export async function readFiles({ api, provider }: Context, id: string, signedUrls = false): Promise<OutputFile[]> {
  const params = { path: { provider, jobId: id }, query: toQuery(signedUrls) };
  return answerOf(await api.GET('/api/ehr/{provider}/bulk-export/{jobId}/files', { params })).data;
}

function toQuery(signedUrls: boolean) {
  return signedUrls ? { signedUrls: 'true' } : {};
}

function createBars() {
  const format = '{name} {bar} {amount}  {rest}';
  const multi = new MultiBar({ format, hideCursor: true, clearOnComplete: false, barsize: 30, stream: process.stderr });
  const byKey = new Map<string, SingleBar>();
  const set = (
    key: string,
    bar: { readonly name: string; readonly done: number; readonly total: number; readonly rest: string },
  ) => {
    const { name, done, total, rest } = bar;
    const columns = { name: toTerminalText(name).padEnd(24), amount: toAmount({ done, total }), rest };
    const drawn = byKey.get(key) ?? multi.create(Math.max(total, 1), 0, columns);
    byKey.set(key, drawn);
    drawn.setTotal(Math.max(total, done, 1));
    drawn.update(total === 0 ? 0 : done, columns);
  };
  return {
    show(record: Export, files: readonly OutputFile[]): void {
      const { promised, stored, stale, quarantined, withheld = 0 } = record.counts;
      const done = stored + stale + quarantined + withheld;
      const total = record.status === 'COMPLETED' && promised === 0 ? done : promised;
      set('all', { name: record.phase, done, total, rest: restOf(record) });
      for (const file of files) {
        set(file.id, {
          name: file.section === 'output' ? file.type : `${file.type} ${file.section}`,
          done: file.lines,
          total: file.promisedCount ?? (file.state === 'completed' ? file.lines : 0),
          rest: file.state,
        });
      }
    },
    stop: () => multi.stop(),
  };
}

/** @param options.total 0 if it is unknown, because a server may omit the counts */
export function toAmount({ done, total }: { readonly done: number; readonly total: number }): string {
  if (total === 0) return toCount(done);
  return `${Math.floor((100 * done) / Math.max(total, done))} %  ${toCount(done)}/${toCount(total)}`;
}

/** Empty if the API has no estimate. */
function restOf({ activity }: Export): string {
  return activity?.leftSeconds === undefined ? '' : `${activity.leftSeconds} s left`;
}
