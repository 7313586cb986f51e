import { setTimeout as delay } from 'node:timers/promises';
import { type ApiClient, answerOf, type components } from '@bulkhead/client';
import { MultiBar, type SingleBar } from 'cli-progress';
import type { Context } from './context.ts';
import { toTerminalText } from './terminal-text.ts';

export type Export = components['schemas']['Export'];
type OutputFile = components['schemas']['OutputFile'];

/** Exports take minutes to hours, but a person wants to see the progress of the downloads. */
const pollEveryMs = 2000;

/**
 * Waits until an export ends. A person sees a bar for each file, and a bar for the whole export with the remaining time. A program
 * gets no output until the end.
 */
export async function watchExport(context: Context, id: string): Promise<Export> {
  const { api, output } = context;
  const bars = output.isWatched ? createBars() : undefined;
  try {
    for (;;) {
      const record = await readExport(context, id);
      bars?.show(record, await readFiles({ api, provider: context.provider, id }));
      if (record.status !== 'IN_PROGRESS') return record;
      await delay(pollEveryMs);
    }
  } finally {
    bars?.stop();
  }
}

export async function readExport({ api, provider }: Context, id: string): Promise<Export> {
  const params = { path: { provider, jobId: id } };
  return answerOf(await api.GET('/api/ehr/{provider}/bulk-export/{jobId}', { params })).data;
}

async function readFiles(options: { readonly api: ApiClient; readonly provider: string; readonly id: string }) {
  const { api, provider, id } = options;
  const params = { path: { provider, jobId: id } };
  return answerOf(await api.GET('/api/ehr/{provider}/bulk-export/{jobId}/files', { params })).data;
}

function createBars() {
  const format = '{name} {bar} {amount}  {rest}';
  const multi = new MultiBar({ format, hideCursor: true, clearOnComplete: false, barsize: 30, stream: process.stderr });
  const byKey = new Map<string, SingleBar>();
  const startedAt = performance.now();
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
      const seconds = (performance.now() - startedAt) / 1000;
      const total = record.status === 'COMPLETED' && promised === 0 ? done : promised;
      set('all', { name: record.phase, done, total, rest: restOf({ done, total, seconds }) });
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
  if (total === 0) return String(done);
  return `${Math.floor((100 * done) / Math.max(total, done))} %  ${done}/${total}`;
}

/** Estimates the remaining time from the progress so far. Empty if nothing was done yet. */
function restOf(options: { readonly done: number; readonly total: number; readonly seconds: number }): string {
  const { done, total, seconds } = options;
  if (total === 0 || done === 0 || done >= total) return '';
  return `${Math.ceil((seconds / done) * (total - done))} s left`;
}
