import { hostname } from 'node:os';
import type { Writable } from 'node:stream';
import type { Logger, Metrics } from '@bulkhead/base';
import { type AuditEvent, toAuditView } from '../audit-event.record.ts';
import type { ChainPosition } from '../check-chain.ts';
import { toFhirAuditEvents } from '../fhir-audit-event.ts';
import { createLineSink } from './create-line-sink.ts';

/** Sends audit events off the host as soon as they are stored. @returns undefined if no target is configured */
export function createAuditStream(options: {
  readonly config: {
    readonly BULKHEAD_AUDIT_STREAM?: string | undefined;
    readonly BULKHEAD_AUDIT_FORMAT: AuditFormat;
  };
  readonly logger: Logger;
  readonly metrics?: Metrics;
  readonly stdout?: Writable;
}) {
  const { config, logger, metrics, stdout } = options;
  const { BULKHEAD_AUDIT_STREAM: target, BULKHEAD_AUDIT_FORMAT: format } = config;
  const count = metrics?.counter({
    name: 'bulkhead_audit_lines_total',
    help: 'Lines of audit events that are sent off the host. `result` is sent or dropped. Dropped events are still in the database.',
    labels: ['result'],
  });
  if (target === undefined) return undefined;
  const sink = createLineSink({
    target,
    appName: 'bulkhead',
    logger,
    ...(count ? { count: (result, lines) => count({ result }, lines) } : {}),
    ...(stdout ? { stdout } : {}),
  });
  return {
    send: (event: AuditEvent) => {
      for (const line of toAuditLines(event, format)) sink.send(line);
    },
    /** A line of its own, which a receiver can compare with the events that it has. */
    sendHead: (head: ChainPosition) =>
      sink.send({ at: new Date(), kind: 'audit-head', isWarning: false, text: JSON.stringify({ auditHead: head }) }),
    stop: () => sink.stop(),
  };
}

type AuditFormat = 'json' | 'fhir';

/**
 * An audit event in the form in which it leaves the host: JSON, on one line. `json`: the event as the API shows it, inside
 * `auditEvent`, which distinguishes it from lines of the log. `fhir`: one AuditEvent for each patient.
 */
function toAuditLines(event: AuditEvent, format: AuditFormat) {
  const { at, action, outcome } = event;
  const values =
    format === 'fhir' ? toFhirAuditEvents(event, { hostName: hostname() }) : [{ auditEvent: toAuditView(event) }];
  const isWarning = outcome === 'refused' || outcome === 'failed';
  return values.map((value) => ({ at, kind: action, isWarning, text: JSON.stringify(value) }));
}
