import { type Page, pageQuery, readPage, totalQuery } from '@bulkhead/store';
import { z } from 'zod';
import type { AuditStore } from '../audit.feature.ts';
import { type AuditEvent, auditOutcomes, type NewAuditEvent, toAuditView } from '../audit-event.record.ts';
import { auditCsvHeader, toAuditCsvLine } from '../audit-event-csv.ts';
import type { ChainReport } from '../check-chain.ts';

/** The size of a write to a socket. */
const chunkCharacters = 64 * 1024;

/** Records who did what, and lets operators read and verify the records. */
export class AuditService {
  readonly #auditEvents;

  constructor({ store }: { readonly store: AuditStore }) {
    this.#auditEvents = store.auditEvents;
  }

  append(event: NewAuditEvent): Promise<void> {
    return this.#auditEvents.append(event);
  }

  /** One page, newest first. `next` is present if more events follow. */
  list({ actor: actorId, limit, cursor, total, ...criteria }: AuditQuery): Promise<Page<AuditEvent>> {
    const filter = { ...criteria, actorId };
    return readPage(
      { limit, cursor, total },
      {
        ids: /^evt_/,
        read: ({ after, ...page }) => this.#auditEvents.list({ filter: { ...filter, after }, ...page }),
        count: (most) => this.#auditEvents.count({ filter, limit: most }),
      },
    );
  }

  /** All events of a filter, newest first, in chunks of whole lines. */
  async *download({ actor: actorId, format, ...criteria }: AuditDownloadQuery): AsyncGenerator<Buffer> {
    const toLine =
      format === 'csv' ? toAuditCsvLine : (event: Parameters<typeof toAuditCsvLine>[0]) => `${JSON.stringify(event)}\n`;
    let lines = format === 'csv' ? auditCsvHeader : '';
    for await (const event of this.#auditEvents.read({ ...criteria, actorId })) {
      lines += toLine(toAuditView(event));
      if (lines.length < chunkCharacters) continue;
      yield Buffer.from(lines);
      lines = '';
    }
    if (lines !== '') yield Buffer.from(lines);
  }

  /** Verifies a part of the chain. `isComplete` says whether it reached the end. */
  verify({ expectedHead: expected, cursor: after, ...query }: AuditCheckQuery): Promise<ChainReport> {
    return this.#auditEvents.verify({ ...query, after, expected });
  }
}

const faultMessages = {
  changed: 'The event was changed after it was written: its hash does not match its content.',
  replaced: 'The event does not follow the one before it: one of the two was replaced, or they were swapped.',
  missing: 'Events before this one are missing, although they had not expired.',
  'not-in-chain': 'The event has no position in the chain, so no process of Bulkhead has written it.',
  'head-missing': 'The expected head is no longer in the chain: the newest events were removed.',
  'other-head': 'Another event is at the position of the expected head: the newest events were replaced.',
} as const;

/** The result of a check, with what its fault means, and where the next one continues. */
export function auditCheckOf({ checked, oldest, last, fault, isComplete }: ChainReport) {
  return {
    checked,
    isIntact: fault === undefined,
    oldest,
    last,
    fault: fault && { ...fault, message: faultMessages[fault.code] },
    next: !isComplete && last && !fault ? `${last.sequence}:${last.hash}` : undefined,
  };
}

const text = z.string().min(1).max(200);
const instant = z.iso
  .datetime({ offset: true, error: 'must be a timestamp with a time zone, such as 2026-01-01T00:00:00Z' })
  .transform((value) => new Date(value));

/** A FHIR id. Underscores and up to 128 characters are accepted too. */
const patient = z.string().regex(/^[A-Za-z0-9\-._]{1,128}$/, 'must be the id of a patient, without `Patient/`');

const auditCriteria = {
  from: instant.optional().describe('Only events at or after this time.'),
  to: instant.optional().describe('Only events before this time.'),
  actor: text.optional().describe('Only events of this actor: the id of an API key, `command:<user>`, or `nobody`.'),
  action: text.optional().describe('Only events with this action, such as `resource.read`.'),
  outcome: z
    .enum(auditOutcomes)
    .optional()
    .describe('Only events with this outcome: `success`, `unchanged`, `refused` or `failed`.'),
  patient: patient
    .optional()
    .describe('Only events that showed data of this patient, or may have: the id at the EHR, without `Patient/`.'),
  connectionId: text.optional().describe('Only events about this connection.'),
};

/** An empty answer would say that nothing was done. */
const isPeriod = ({ from, to }: { readonly from?: Date | undefined; readonly to?: Date | undefined }) =>
  !from || !to || from < to;
const noPeriod = { path: ['from'], error: 'must be before `to`' };

export const auditQuerySchema = z
  .strictObject({ ...auditCriteria, ...pageQuery({ defaultLimit: 100 }), ...totalQuery })
  .refine(isPeriod, noPeriod);
type AuditQuery = z.output<typeof auditQuerySchema>;

export const auditDownloadQuerySchema = z
  .strictObject({
    ...auditCriteria,
    format: z
      .enum(['csv', 'ndjson'])
      .default('csv')
      .describe('`csv` for a spreadsheet, or `ndjson`: one event as JSON on each line, as the list returns it.'),
  })
  .refine(isPeriod, noPeriod);
type AuditDownloadQuery = z.output<typeof auditDownloadQuerySchema>;

/** `<sequence>:<hash>`: a position in the chain, as a check prints it. */
const position = z
  .string()
  .regex(
    /^[1-9]\d{0,14}:[0-9a-f]{64}$/,
    'must be the sequence and the hash of an event, as a check prints them: 12:0f3a…',
  )
  .transform((value) => {
    const [sequence = '', hash = ''] = value.split(':');
    return { sequence: Number(sequence), hash };
  });

export const auditCheckQuerySchema = z.strictObject({
  expectedHead: position
    .optional()
    .describe('The `last` of an earlier complete check, as `sequence:hash`. It must still be in the chain.'),
  cursor: position
    .optional()
    .describe('The `next` of the previous response. Without it the check begins with the oldest event.'),
  limit: z.coerce.number().int().min(1).max(100_000).default(50_000).describe('The maximum number of events to check.'),
});
type AuditCheckQuery = z.output<typeof auditCheckQuerySchema>;
