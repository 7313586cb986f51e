import type { View } from '@bulkhead/store';
import type { auditEventViewSchema } from './audit-event.record.ts';

type AuditEventView = View<typeof auditEventViewSchema>;

/*
 * Audit events as CSV (RFC 4180), for spreadsheets. NDJSON has the same events without a loss: in CSV a list is one cell, and a text
 * that a spreadsheet would run as a formula is changed.
 */

/** A spreadsheet runs a cell that begins with one of these as a formula. Names of keys and ids in a URL are the choice of a caller. */
const formula = /^[=+\-@\t\r]/;

const columns: Readonly<Record<string, (event: AuditEventView) => string | number | undefined>> = {
  id: ({ id }) => id,
  at: ({ at }) => at,
  actorKind: ({ actor }) => actor.kind,
  actorId: ({ actor }) => actor.id,
  actorName: ({ actor }) => actor.name,
  actorRole: ({ actor }) => actor.role,
  action: ({ action }) => action,
  outcome: ({ outcome }) => outcome,
  code: ({ code }) => code,
  target: ({ target }) => JSON.stringify(target),
  patients: ({ patients }) => patients?.join(' '),
  parameters: ({ parameters }) => parameters?.join(' '),
  count: ({ count }) => count,
  counts: ({ counts }) => counts && JSON.stringify(counts),
  address: ({ address }) => address,
  requestId: ({ requestId }) => requestId,
  expiresAt: ({ expiresAt }) => expiresAt,
  sequence: ({ sequence }) => sequence,
  previousHash: ({ previousHash }) => previousHash,
  previousExpiresAt: ({ previousExpiresAt }) => previousExpiresAt,
  hash: ({ hash }) => hash,
};

export const auditCsvHeader = toLine(Object.keys(columns));

export function toAuditCsvLine(event: AuditEventView): string {
  return toLine(Object.values(columns).map((read) => String(read(event) ?? '')));
}

function toLine(cells: readonly string[]): string {
  return `${cells.map(toCell).join(',')}\r\n`;
}

/** An apostrophe makes a spreadsheet show the cell as text. */
function toCell(text: string): string {
  const safe = formula.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
