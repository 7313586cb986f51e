import { present } from '@bulkhead/base';
import { quarantineReasons } from '@bulkhead/records/quarantine';
import type { WebhookReceiver } from '@bulkhead/webhooks';
import { ageMs, counted, type Finding, type HealthSubject, hourMs, ok } from './health-check.ts';
import type { DataSnapshot } from './health-snapshot.ts';

/** Problems with data are shown for a day, so that an operator who looks once a day sees them. */
export const dataShownMs = 24 * hourMs;
/** Above these numbers in an hour, the lines or documents have a common cause, such as a change of the EHR. */
export const maxLinesPerHour = 100;
export const maxDocumentsPerHour = 10;
/** The most records that a check reads. Above it the number is not exact. */
export const maxRead = 1000;

export function checkQuarantine(lines: NonNullable<DataSnapshot['quarantine']>, now: Date): Finding {
  if (lines.length === 0) return ok('No line was quarantined in the last 24 hours.');
  const perHour = lines.filter(({ createdAt }) => ageMs(createdAt, now) <= hourMs).length;
  return {
    severity: perHour > maxLinesPerHour ? 'critical' : 'warning',
    reason: `Quarantined in the last 24 hours: ${upTo(lines.length, 'line')}. In the last hour: ${upTo(perHour, 'line')}.`,
    action: 'Read their reasons. If all are the same, contact the EHR’s support. Correct single lines and store them.',
    subjects: byConnection(lines, { reasonOf: ({ reason }) => titleOf(reason), atOf: ({ createdAt }) => createdAt }),
  };
}

export function checkDocuments(documents: NonNullable<DataSnapshot['documents']>, now: Date): Finding {
  if (documents.length === 0) return ok('No document has failed in the last 24 hours.');
  const perHour = documents.filter(({ completedAt }) => completedAt && ageMs(completedAt, now) <= hourMs).length;
  return {
    severity: perHour > maxDocumentsPerHour ? 'critical' : 'warning',
    reason: `Failed in the last 24 hours: ${upTo(documents.length, 'document')}. In the last hour: ${upTo(perHour, 'document')}.`,
    action:
      'Fix the cause that the code describes, and retry the documents. If all are forbidden, the scopes lack Binary.',
    subjects: byConnection(documents, {
      reasonOf: ({ error }) => error?.code ?? 'cancelled',
      atOf: ({ completedAt }) => completedAt,
    }),
  };
}

/** A receiver may be down for a short time. A call is repeated for a day, and an hour of it needs attention. */
export const maxUndeliveredMs = hourMs;
/** A call fails after a day of attempts, and then its failure is shown for another day. */
export const webhooksShownMs = 48 * hourMs;

export function checkWebhooks(receivers: readonly WebhookReceiver[], now: Date): Finding {
  const isLate = ({ waiting, repeated, undeliveredSince }: WebhookReceiver) =>
    waiting + repeated > 0 && undeliveredSince !== null && ageMs(undeliveredSince, now) > maxUndeliveredMs;
  const failing = receivers.filter((receiver) => receiver.failed > 0 || isLate(receiver));
  const sumOf = (name: 'repeated' | 'failed') => receivers.reduce((sum, receiver) => sum + receiver[name], 0);
  const repeated = sumOf('repeated');
  if (failing.length === 0) {
    if (repeated === 0) return ok('Every webhook call of the last 48 hours was delivered.');
    return ok(`No webhook call of the last 48 hours was given up. Being repeated: ${counted(repeated, 'call')}.`);
  }
  return {
    severity: 'warning',
    reason: `Receivers that did not get their calls: ${failing.length}. Calls that failed: ${sumOf('failed')}. Calls that are being repeated: ${repeated}.`,
    action: 'Fix the receiver, or set another URL. Then send the calls again.',
    subjects: failing.flatMap((receiver): HealthSubject[] => {
      const { connectionId, failed, undelivered, undeliveredSince } = receiver;
      if (!undelivered) return [];
      const { status, error } = undelivered.last ?? {};
      const why = status === undefined ? (error ?? 'no attempt yet') : `the receiver returned ${status}`;
      const count = failed + receiver.repeated + receiver.waiting;
      return [
        {
          kind: 'webhook-delivery',
          id: undelivered.id,
          connectionId,
          reason: `${failed > 0 ? 'failed' : 'is being repeated'}: ${why}`,
          ...present({ since: undeliveredSince?.toISOString(), count: count === 1 ? undefined : count }),
        },
      ];
    }),
  };
}

function upTo(count: number, noun: string): string {
  return count < maxRead ? counted(count, noun) : `${counted(count, noun)} or more`;
}

/** Records of other versions can have other reasons. */
function titleOf(reason: string): string {
  const titles: Readonly<Record<string, { readonly title: string } | undefined>> = quarantineReasons;
  return titles[reason]?.title ?? reason;
}

/** One subject for each connection, with its most frequent reasons. */
function byConnection<Item extends { readonly connectionId: string }>(
  items: readonly Item[],
  of: { readonly reasonOf: (item: Item) => string; readonly atOf: (item: Item) => Date | undefined },
): HealthSubject[] {
  return [...Map.groupBy(items, ({ connectionId }) => connectionId)].map(([id, ofConnection]) => {
    const reasons = [...Map.groupBy(ofConnection, of.reasonOf)]
      .toSorted(([, left], [, right]) => right.length - left.length)
      .slice(0, 3)
      .map(([reason, { length }]) => `${length} × ${reason}`);
    const since = ofConnection
      .flatMap((item) => of.atOf(item)?.toISOString() ?? [])
      .toSorted()
      .at(0);
    return { kind: 'connection', id, connectionId: id, reason: reasons.join(', '), ...present({ since }) };
  });
}
