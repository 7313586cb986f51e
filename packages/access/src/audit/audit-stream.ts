import type { Writable } from 'node:stream';
import { createLineSink, type Logger, type Metrics } from '@bulkhead/runtime';
import type { AuditEvent } from './audit-event.ts';
import { type AuditFormat, toAuditLines } from './audit-line.ts';

/** Sends audit events off the host as they happen. */
export interface AuditStream {
  readonly send: (event: AuditEvent) => void;
  stop(): Promise<void>;
}

/** @returns undefined if events are not to be sent. */
export function createAuditStream(options: {
  readonly config: {
    readonly BULKHEAD_AUDIT_STREAM?: string | undefined;
    readonly BULKHEAD_AUDIT_FORMAT: AuditFormat;
  };
  readonly logger: Logger;
  readonly metrics?: Metrics;
  readonly stdout?: Writable;
}): AuditStream | undefined {
  const { config, logger, metrics, stdout } = options;
  const { BULKHEAD_AUDIT_STREAM: target, BULKHEAD_AUDIT_FORMAT: format } = config;
  const count = metrics?.counter({
    name: 'bulkhead_audit_lines_total',
    help: 'Audit events that were to leave the host, as lines; result: sent, dropped (they are in the database all the same).',
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
    send: (event) => {
      for (const line of toAuditLines(event, format)) sink.send(line);
    },
    stop: () => sink.stop(),
  };
}
