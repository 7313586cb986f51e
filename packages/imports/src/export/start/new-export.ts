import type { IdempotencyService } from '@bulkhead/access/idempotency/commands';
import { newId, present, waitUntil } from '@bulkhead/base';
import { exportNote, type Provider } from '@bulkhead/ehr/providers';
import { type BulkExport, noCounts } from '../bulk-export.record.ts';
import type { BulkExportStore } from '../export.feature.ts';
import { findCohort } from '../patients/cohort.service.ts';
import { everyType } from '../watermarks/watermark.record.ts';
import { coveredBefore, sinceLast } from '../watermarks/watermark.ts';
import type { BulkExportBody } from './export-request.schema.ts';

/** An export that no job has begun. */
export type NewExport = BulkExport & { readonly phase: 'queued' };

type ExportFacts = Pick<Provider, 'id' | 'notExported'>;

/** Makes the record of a new export. `since: "last"` is replaced by an instant. @throws AppError `unknown-cohort` */
export async function newExport(options: {
  readonly store: Pick<BulkExportStore, 'cohorts' | 'watermarks'>;
  readonly provider: ExportFacts;
  readonly body: BulkExportBody;
}): Promise<NewExport> {
  const { store, provider } = options;
  const { body } = options;
  const { connectionId, exportType, resourceTypes = [], typeFilters = [], allowUnfiltered } = body;
  const { patients, cohort, until, elements, organizeOutputBy } = body;
  if (cohort !== undefined) await findCohort(store, { connectionId, name: cohort });
  const { since, warnings: sinceWarnings } = await resolveSince({ store, body });
  const createdAt = new Date();
  return {
    id: newId('job'),
    connectionId,
    provider: provider.id,
    request: {
      exportType,
      resourceTypes,
      ...(since === undefined ? {} : { since }),
      ...(body.since === 'last' ? { sinceLast: true } : {}),
      ...(typeFilters.length > 0 ? { typeFilters } : {}),
      ...(typeFilters.length > 0 && allowUnfiltered ? { allowUnfiltered } : {}),
      ...present({ patients, cohort, until, elements, organizeOutputBy }),
    },
    phase: 'queued',
    version: 1,
    pollCount: 0,
    pollErrors: 0,
    warnings: [...noteTypes({ provider, resourceTypes }), ...sinceWarnings],
    ...(body.callbackUrl === undefined ? {} : { callbackUrl: body.callbackUrl }),
    counts: noCounts,
    timeline: [{ phase: 'queued', at: createdAt }],
    createdAt,
  };
}

/** A page about an EHR can be wrong or out of date, so the types are requested anyway. */
function noteTypes(options: { readonly provider: ExportFacts; readonly resourceTypes: readonly string[] }) {
  const { provider, resourceTypes } = options;
  return resourceTypes.flatMap((resourceType) => {
    const note = exportNote({ provider, resourceType });
    if (note === undefined) return [];
    const message = `The EHR may not export ${resourceType}: ${note}. It is requested anyway, and the EHR decides.`;
    return [{ code: 'type-doubtful' as const, message }];
  });
}

async function resolveSince(options: {
  readonly store: Pick<BulkExportStore, 'watermarks'>;
  readonly body: BulkExportBody;
}) {
  const { store, body } = options;
  if (body.since !== 'last') return { since: body.since, warnings: [] };
  // The mark of a cohort is read at the kick-off.
  if (body.cohort !== undefined) return { since: undefined, warnings: [] };
  const { connectionId, exportType, resourceTypes = [] } = body;
  const watermarks = await store.watermarks.list({ connectionId, exportType });
  const { since, unknown } = sinceLast({ resourceTypes, watermarks, now: new Date(), covers: coveredBefore });
  if (unknown.length === 0) return { since, warnings: [] };
  const types = unknown.map((type) => (type === everyType ? 'every type' : type)).join(', ');
  const message = `No earlier export has stored all data of ${types}, so this export requests all data.`;
  return { since, warnings: [{ code: 'since-last-full' as const, message }] };
}

/** A client's `Idempotency-Key`. */
export interface Idempotency {
  readonly clientId: string;
  readonly key: string;
}

/** There is one write between reserving the id and storing the record. A request that takes longer has died in between. */
const insertWaitMs = 2000;

/**
 * Reserves the id of an export for its `Idempotency-Key`, so that a request is executed once, however often it is sent.
 * @param options.content equal for equal requests
 * @param options.isStored whether the record with this id is stored
 * @returns the record under the id under which the caller must store it, whether it is already stored, and a function that frees the key
 * @throws AppError `idempotency-key-reused` if the key was used for a different request
 */
export async function reserveExport(options: {
  readonly service: IdempotencyService;
  readonly idempotency: Idempotency | undefined;
  readonly content: readonly [provider: string, body: BulkExportBody];
  readonly created: NewExport;
  readonly isStored: (recordId: string) => Promise<boolean>;
}): Promise<{ readonly record: NewExport; readonly isRepeated: boolean; readonly release: () => Promise<void> }> {
  const { service, idempotency, content, created, isStored } = options;
  if (!idempotency) return { record: created, isRepeated: false, release: async () => undefined };
  const { id, connectionId } = created;
  const { recordId, release } = await service.reserve({ ...idempotency, content }, { recordId: id, connectionId });
  const record = { ...created, id: recordId };
  if (recordId === id) return { record, isRepeated: false, release };
  const isRepeated = await waitUntil(async () => (await isStored(recordId)) || undefined, insertWaitMs);
  return { record, isRepeated: isRepeated ?? false, release };
}
