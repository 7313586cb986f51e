import type { Readable } from 'node:stream';
import { present, throwUnavailable, waitUntil } from '@bulkhead/base';
import type { Producer } from '@bulkhead/queues';
import {
  type ConnectionScope,
  instantSchema,
  isInScope,
  pageOf,
  pageQuery,
  readPage,
  totalQuery,
  type View,
  viewOf,
  viewShapeOf,
} from '@bulkhead/store';
import { z } from 'zod';
import { quarantineError } from '../errors.ts';
import { replayJob } from '../jobs.ts';
import type { QuarantineStore } from '../quarantine.feature.ts';
import { type LineGroup, type QuarantineEntry, quarantineEntrySchema, quarantineStates } from '../quarantine.record.ts';

/** A replay is one write, so this is enough. If no worker is running, the API returns the unchanged line. */
const replayWaitMs = 5000;
/** The number of lines in a page when many are replayed. Each line is a job. */
const replayPage = 500;

interface LineReference {
  readonly id: string;
  readonly scope: ConnectionScope;
}

/** Lists, reads and replays quarantined lines for the API. */
export class QuarantineService {
  readonly #options;

  constructor(options: {
    readonly store: QuarantineStore;
    /** The export or the sync run with this id, and the export of a file. */
    readonly sources: {
      readonly findRun: (id: string) => Promise<{ readonly connectionId: string } | undefined>;
      readonly findExportOf: (fileId: string) => Promise<string | undefined>;
    };
    readonly producer: Producer;
    readonly connections: {
      /** @throws AppError `unknown-connection` */
      readonly find: (reference: { readonly id: string; readonly scope: ConnectionScope }) => Promise<unknown>;
    };
  }) {
    this.#options = options;
  }

  async find({ id, scope }: LineReference): Promise<QuarantineEntry> {
    const entry = await this.#options.store.quarantine.find(id);
    if (entry && isInScope(scope, entry.connectionId)) return entry;
    throw quarantineError('unknown-line');
  }

  /**
   * Reads one page: of one export or file in the order of positions, otherwise the newest first. `next` is undefined on the last page.
   * @throws AppError `unknown-connection`, because an empty page would say that nothing was rejected
   */
  async list({ query, scope }: { readonly query: QuarantineQuery; readonly scope: ConnectionScope }) {
    const { limit, cursor, total, ...criteria } = query;
    const filter = present(criteria);
    const newestFirst = filter.runId === undefined && filter.fileId === undefined;
    if (filter.connectionId !== undefined) await this.#options.connections.find({ id: filter.connectionId, scope });
    return readPage(
      { limit, cursor, total },
      {
        ids: /^(?:job|sync)_/,
        read: (page) => this.#options.store.quarantine.list({ filter, scope, newestFirst, ...page }),
        count: (most) => this.#options.store.quarantine.count({ filter, scope, limit: most }),
      },
    );
  }

  /** Reads one page of the groups of lines with the same reason in the same run. @throws AppError `unknown-connection` */
  async groups({ query, scope }: { readonly query: GroupsQuery; readonly scope: ConnectionScope }) {
    const { connectionId, state, ...page } = query;
    if (connectionId !== undefined) await this.#options.connections.find({ id: connectionId, scope });
    return pageOf(await this.#options.store.quarantine.listGroups({ connectionId, state, scope }), page);
  }

  /**
   * Marks matching open lines as not needed.
   * @returns how many
   * @throws AppError `unknown-line`, `unknown-export`, `unknown-file`
   */
  async dismiss({ body, scope }: { readonly body: DismissBody; readonly scope: ConnectionScope }): Promise<number> {
    const { id } = body;
    if (id !== undefined) await this.find({ id, scope });
    const count = await this.#options.store.quarantine.dismiss({ filter: present(body), scope });
    if (count === 0) await this.#checkSource(body, scope);
    return count;
  }

  /** Opens the kept bytes of a line. @throws AppError `line-erased`, `line-not-kept` */
  async open(reference: LineReference): Promise<{ readonly entry: QuarantineEntry; readonly bytes: Readable }> {
    const entry = await this.find(reference);
    if (entry.state === 'withheld') throw quarantineError('line-erased');
    if (entry.isTruncated && entry.keptBytes === 0) throw quarantineError('line-not-kept');
    return { entry, bytes: await this.#options.store.quarantine.openBytes(entry.id) };
  }

  /**
   * Enqueues a replay of a line, also of one that was dismissed, and waits for it.
   * @param options.correction the corrected line, which is stored in addition to the original
   * @returns the entry afterwards (`replayed`, or `open` with the reason of the failure), and whether a replay was enqueued
   */
  async replay({ correction, ...reference }: LineReference & { readonly correction?: Buffer | undefined }) {
    const { id } = reference;
    const before = await this.find(reference);
    if (before.state !== 'open' && before.state !== 'dismissed') return { entry: before, isChanged: false };
    if (before.isTruncated && !before.isCorrected && !correction) throw quarantineError('line-truncated');
    if (before.state === 'dismissed') await this.#options.store.quarantine.reopen(id);
    if (correction) await this.#options.store.quarantine.saveCorrection({ id, bytes: correction });
    await this.#enqueue(id);
    const after = await waitUntil(async () => {
      const entry = await this.find(reference);
      if (entry.replay && entry.replay.at.getTime() !== before.replay?.at.getTime()) return entry;
      // An earlier replay that is still running may not have seen the correction. This replay is added when that one ends.
      await this.#enqueue(id);
      return undefined;
    }, replayWaitMs);
    return { entry: after ?? (await this.find(reference)), isChanged: true };
  }

  /**
   * Enqueues replays of all matching open lines that are kept as a whole or corrected.
   * @returns how many
   * @throws AppError `unknown-export`, `unknown-file`
   */
  async replayAll({ body, scope }: { readonly body: ReplayBody; readonly scope: ConnectionScope }): Promise<number> {
    const filter = { ...present(body), state: 'open' as const };
    let count = 0;
    for (let after: string | undefined; ; ) {
      const entries = await this.#options.store.quarantine.list({ filter, scope, limit: replayPage, after });
      const replayable = entries.filter(({ isTruncated, isCorrected }) => !isTruncated || isCorrected);
      for (const { id } of replayable) await this.#enqueue(id);
      count += replayable.length;
      after = entries.at(-1)?.id;
      if (entries.length < replayPage) break;
    }
    if (count === 0) await this.#checkSource(body, scope);
    return count;
  }

  /**
   * A count of 0 would say that nothing of a misspelt id is open. Lines of deleted exports are found too.
   * @throws AppError `unknown-export`, `unknown-file`
   */
  async #checkSource({ runId, fileId }: Pick<ReplayBody, 'runId' | 'fileId'>, scope: ConnectionScope): Promise<void> {
    const hasLine = async (filter: { readonly runId?: string; readonly fileId?: string }) =>
      (await this.#options.store.quarantine.list({ filter, scope, limit: 1 })).length > 0;
    const isRun = async (id: string) => {
      const run = await this.#options.sources.findRun(id);
      return run !== undefined && isInScope(scope, run.connectionId);
    };
    if (runId !== undefined && !(await isRun(runId)) && !(await hasLine({ runId })))
      throw quarantineError('unknown-export');
    if (fileId === undefined || (await hasLine(present({ runId, fileId })))) return;
    const ownerId = await this.#options.sources.findExportOf(fileId);
    if (ownerId !== undefined && (runId ?? ownerId) === ownerId && (await isRun(ownerId))) return;
    throw quarantineError('unknown-file');
  }

  #enqueue(quarantineId: string) {
    return this.#options.producer.enqueueAgain(replayJob, { quarantineId }).catch(throwUnavailable);
  }
}

const id = z.string().min(1).max(200);

export const quarantineQuerySchema = z.strictObject({
  connectionId: id.optional().describe('Only lines of this connection.'),
  runId: id.optional().describe('Only lines of this export, or entries of the sync run with this id.'),
  fileId: id.optional().describe('Only lines of this file.'),
  reason: z.string().min(1).max(50).optional().describe('Only lines with this reason, such as `invalid-json`.'),
  state: z
    .enum(quarantineStates)
    .optional()
    .describe(
      'Only lines in this state: `open` (not stored), `dismissed` (not needed), `replayed` (stored later) or `withheld` (of an erased patient).',
    ),
  ...pageQuery({ defaultLimit: 100 }),
  ...totalQuery,
});
type QuarantineQuery = z.output<typeof quarantineQuerySchema>;

const replayShape = {
  runId: id.optional().describe('The open lines of this export, or the open entries of the sync run with this id.'),
  fileId: id.optional().describe('The open lines of this file.'),
  reason: z.string().min(1).max(50).optional().describe('Only lines with this reason, such as `invalid-json`.'),
};

/** Selects the open lines to replay. An export or a file is required, so that everything is not replayed by mistake. */
export const replayBodySchema = z
  .strictObject(replayShape)
  .refine(({ runId, fileId }) => runId !== undefined || fileId !== undefined, {
    path: ['runId'],
    error: 'is required if fileId is missing',
  })
  .meta({
    description:
      'Which open lines are tried again. An export or a file is required, so that everything is not replayed by mistake.',
  });
type ReplayBody = z.output<typeof replayBodySchema>;

/** Selects the open lines that are not needed. */
export const dismissBodySchema = z
  .strictObject({ id: id.optional().describe('Only this line.'), ...replayShape })
  .refine((body) => body.id !== undefined || body.runId !== undefined || body.fileId !== undefined, {
    path: ['runId'],
    error: 'is required if id and fileId are missing',
  })
  .meta({ description: 'Which open lines are dismissed. A line, an export or a file is required.' });
type DismissBody = z.output<typeof dismissBodySchema>;

export const groupsQuerySchema = z.strictObject({
  connectionId: id.optional().describe('Only lines of this connection.'),
  state: z.enum(quarantineStates).default('open').describe('Only lines in this state.'),
  ...pageQuery({ defaultLimit: 100 }),
});
type GroupsQuery = z.output<typeof groupsQuerySchema>;

export const lineGroupViewSchema = z
  .strictObject({
    connectionId: quarantineEntrySchema.shape.connectionId,
    runId: z.string().describe('The export, or the sync run, of the lines.'),
    reason: quarantineEntrySchema.shape.reason,
    count: z.int().min(1).describe('How many lines there are.'),
    firstAt: instantSchema.describe('When the first of them was quarantined.'),
    lastAt: instantSchema.describe('When the last of them was quarantined.'),
  })
  .meta({ id: 'QuarantineGroup', description: 'Lines of one run that could not be stored for the same reason.' });

export function toLineGroupView(group: LineGroup): View<typeof lineGroupViewSchema> {
  return viewOf(lineGroupViewSchema, group);
}

export const quarantineViewSchema = z
  .strictObject(
    viewShapeOf(quarantineEntrySchema, [
      'id',
      'connectionId',
      'source',
      'stepId',
      'resourceType',
      'runId',
      'fileId',
      'line',
      'offset',
      'reason',
      'state',
      'sizeBytes',
      'keptBytes',
      'isTruncated',
      'sha256',
      'isCorrected',
      'createdAt',
      { replay: ['at', 'reason'] },
    ]),
  )
  .meta({
    id: 'QuarantinedLine',
    description: 'A line, or an entry of a search, that could not be stored, with its position and the reason.',
  });

/** The view has the position of the line and the reason, but never its content. */
export function toQuarantineView(entry: QuarantineEntry): View<typeof quarantineViewSchema> {
  return viewOf(quarantineViewSchema, entry);
}
