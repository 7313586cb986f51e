import type { Readable } from 'node:stream';
import type { Producer } from '@bulkhead/queues';
import { AppError, unavailable, waitUntil } from '@bulkhead/runtime';
import { type ConnectionScope, isInScope } from '@bulkhead/store';
import { z } from 'zod';
import { type QuarantineEntry, quarantineStates } from '../quarantine.record.ts';
import type { QuarantineStore } from '../quarantine.repository.ts';

/** A replay is one write; while no worker is there the answer is the line as it is. */
const replayWaitMs = 5000;
/** Lines of one page when many are replayed; each is a job. */
const replayPage = 500;

interface WhichLine {
  readonly id: string;
  readonly scope: ConnectionScope;
}

export type QuarantineService = ReturnType<typeof createQuarantineService>;

/** The lines that were kept aside: listed, read and stored again. */
export function createQuarantineService({
  store,
  producer,
}: {
  readonly store: QuarantineStore;
  readonly producer: Producer;
}) {
  const find = async ({ id, scope }: WhichLine): Promise<QuarantineEntry> => {
    const entry = await store.quarantine.find(id);
    if (entry && isInScope(scope, entry.connectionId)) return entry;
    throw new AppError({
      code: 'unknown-line',
      message: 'There is no such line in the quarantine. List them by GET /api/ehr/quarantine.',
      retry: 'never',
    });
  };
  const enqueue = (quarantineId: string) =>
    producer.enqueueAgain('quarantine.replay', { quarantineId }).catch((cause: unknown) => {
      throw unavailable(cause);
    });

  return {
    find,

    /** One page, in the order of files and lines; `next` is there where more follow. */
    async list({ query, scope }: { readonly query: QuarantineQuery; readonly scope: ConnectionScope }) {
      const { limit, after, ...filter } = query;
      const entries = await store.quarantine.list({ filter: present(filter), scope, limit: limit + 1, after });
      const page = entries.slice(0, limit);
      return { entries: page, next: entries.length > limit ? page.at(-1)?.id : undefined };
    },

    /** What is kept of the bytes that the server sent. */
    async open(which: WhichLine): Promise<{ readonly entry: QuarantineEntry; readonly bytes: Readable }> {
      const entry = await find(which);
      if (entry.state === 'withheld') throw erased();
      if (entry.isTruncated && entry.keptBytes === 0) throw notKept();
      return { entry, bytes: await store.quarantine.openBytes(entry.id) };
    },

    /**
     * Has a worker store a line again.
     * @param options.correction the line as it should have been; kept beside the original.
     * @returns the entry afterwards: `replayed`, or `open` with the reason why it is still no resource; and whether it was tried.
     */
    async replay({ correction, ...which }: WhichLine & { readonly correction?: Buffer | undefined }) {
      const { id } = which;
      const before = await find(which);
      if (before.state !== 'open') return { entry: before, isChanged: false };
      if (before.isTruncated && !before.isCorrected && !correction) throw truncated();
      if (correction) await store.quarantine.saveCorrection({ id, bytes: correction });
      await enqueue(id);
      const after = await waitUntil(async () => {
        const entry = await find(which);
        if (entry.replay && entry.replay.at.getTime() !== before.replay?.at.getTime()) return entry;
        // An earlier replay that still runs may not have seen the correction. This one is added as soon as that one ends.
        await enqueue(id);
        return undefined;
      }, replayWaitMs);
      return { entry: after ?? (await find(which)), isChanged: true };
    },

    /** Lines that are not kept whole are left out. @returns how many lines are on their way. */
    async replayAll({ body, scope }: { readonly body: ReplayBody; readonly scope: ConnectionScope }): Promise<number> {
      const filter = { ...present(body), state: 'open' as const };
      let count = 0;
      for (let after: string | undefined; ; ) {
        const entries = await store.quarantine.list({ filter, scope, limit: replayPage, after });
        const whole = entries.filter(({ isTruncated, isCorrected }) => !isTruncated || isCorrected);
        for (const { id } of whole) await enqueue(id);
        count += whole.length;
        after = entries.at(-1)?.id;
        if (entries.length < replayPage) return count;
      }
    },
  };
}

function truncated(): AppError {
  return new AppError({
    code: 'line-truncated',
    message:
      'Only a part of this line was kept, so it cannot be stored as it is. Send the whole corrected line as the body, or start a new export.',
    retry: 'never',
  });
}

function notKept(): AppError {
  return new AppError({
    code: 'line-not-kept',
    message:
      'The quarantine had no room left for the lines of this export, so only the place, size and hash of this line were kept. Start a new export after the EHR has fixed its lines.',
    retry: 'never',
  });
}

function erased(): AppError {
  return new AppError({
    code: 'line-erased',
    message: 'The line was about a patient who was erased. Only its place is left.',
    retry: 'never',
  });
}

/** Zod gives optional fields that are undefined; a filter by one would match nothing. */
function present<Filter extends object>(filter: Filter): { [Key in keyof Filter]: NonNullable<Filter[Key]> } {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)) as never;
}

const id = z.string().min(1).max(200);

export const quarantineQuerySchema = z.strictObject({
  connectionId: id.optional(),
  exportId: id.optional(),
  fileId: id.optional(),
  reason: z.string().min(1).max(50).optional(),
  state: z.enum(quarantineStates).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  /** `next` of the page before. */
  after: id.optional(),
});
type QuarantineQuery = z.output<typeof quarantineQuerySchema>;

/** Which open lines are stored again; at least one, so that nobody replays everything by a slip. */
export const replayBodySchema = z
  .strictObject({ exportId: id.optional(), fileId: id.optional(), reason: z.string().min(1).max(50).optional() })
  .refine(({ exportId, fileId }) => exportId !== undefined || fileId !== undefined, {
    path: ['exportId'],
    error: 'is required, or fileId',
  });
type ReplayBody = z.output<typeof replayBodySchema>;
