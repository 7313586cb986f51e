import { hostname } from 'node:os';
import { toAuditView } from '../commands/audit.service.ts';
import type { AuditEvent } from './audit-event.ts';
import { toFhirAuditEvents } from './fhir-audit-event.ts';

export type AuditFormat = 'json' | 'fhir';

/** What leaves the host of an event. */
export interface AuditLine {
  readonly at: Date;
  readonly kind: string;
  readonly isWarning: boolean;
  /** JSON, on one line. */
  readonly text: string;
}

/** `json`: the event as the API shows it, in `auditEvent`, so that it is told from the log. `fhir`: an AuditEvent for each patient. */
export function toAuditLines(event: AuditEvent, format: AuditFormat): AuditLine[] {
  const { at, action, outcome } = event;
  const values =
    format === 'fhir' ? toFhirAuditEvents(event, { hostName: hostname() }) : [{ auditEvent: toAuditView(event) }];
  const isWarning = outcome === 'refused' || outcome === 'failed';
  return values.map((value) => ({ at, kind: action, isWarning, text: JSON.stringify(value) }));
}
