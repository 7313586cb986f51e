import { createHash } from 'node:crypto';
import { newId } from '@bulkhead/access';
import type { BulkExportRequest } from '@bulkhead/fhir';
import { type BulkExport, noCounts } from '../bulk-export.record.ts';
import type { BulkExportStore } from '../store.ts';
import { coveredBefore, everyType, sinceLast } from '../watermarks/watermark.ts';
import type { BulkExportBody } from './bulk-export.schema.ts';

/** Makes the record of a new export. `since: "last"` is replaced by an instant. */
export async function newExport(options: {
  readonly store: BulkExportStore;
  readonly provider: string;
  readonly body: BulkExportBody;
}): Promise<BulkExport> {
  const { provider, body } = options;
  const { connectionId, exportType, resourceTypes = [], typeFilters = [] } = body;
  const { since, warnings } = await resolveSince(options);
  const createdAt = new Date();
  return {
    id: newId('job'),
    connectionId,
    provider,
    request: {
      exportType,
      resourceTypes,
      ...(since === undefined ? {} : { since }),
      ...(body.since === 'last' ? { sinceLast: true } : {}),
      ...(typeFilters.length > 0 ? { typeFilters } : {}),
    },
    phase: 'queued',
    version: 1,
    pollCount: 0,
    pollErrors: 0,
    droppedParameters: [],
    warnings,
    ...(body.callbackUrl === undefined ? {} : { callbackUrl: body.callbackUrl }),
    counts: noCounts,
    timeline: [{ phase: 'queued', at: createdAt }],
    createdAt,
  };
}

/** Equal for requests for the same data. */
export function requestKey({ exportType, resourceTypes, since, typeFilters = [] }: BulkExportRequest): string {
  // The same instant can be written in several ways.
  const sinceMs = since === undefined ? null : Date.parse(since);
  return digest([exportType, resourceTypes.toSorted(), sinceMs, typeFilters.toSorted()]);
}

export function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 22);
}

async function resolveSince({ store, body }: { readonly store: BulkExportStore; readonly body: BulkExportBody }) {
  if (body.since !== 'last') return { since: body.since, warnings: [] };
  const { connectionId, exportType, resourceTypes = [] } = body;
  const watermarks = await store.watermarks.list({ connectionId, exportType });
  const { since, unknown } = sinceLast({ resourceTypes, watermarks, now: new Date(), covers: coveredBefore });
  if (unknown.length === 0) return { since, warnings: [] };
  const types = unknown.map((type) => (type === everyType ? 'every type' : type)).join(', ');
  const message = `No earlier export has stored all data of ${types}, so this export requests all data.`;
  return { since, warnings: [{ code: 'since-last-full', message }] };
}
