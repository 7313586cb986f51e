import { quarantineReasons } from '@bulkhead/records/quarantine';
import type { WebhookDelivery } from '@bulkhead/webhooks';
import { ageMs, counted, type Finding, type HealthSubject, hourMs, ok } from './health-check.ts';
import type { HealthSnapshot } from './health-snapshot.ts';

/** Problems with data are shown for a day, so that an operator who looks once a day sees them. */
export const dataShownMs = 24 * hourMs;
/** Above these numbers in an hour, the lines or documents have a common cause, such as a change of the EHR. */
export const maxLinesPerHour = 100;
export const maxDocumentsPerHour = 10;
/** The most records that a check reads. Above it the number is not exact. */
export const maxRead = 1000;

export function checkQuarantine(lines: NonNullable<HealthSnapshot['quarantine']>, now: Date): Finding {
  if (lines.length === 0) return ok('No line was quarantined in the last 24 hours.');
  const perHour = lines.filter(({ createdAt }) => ageMs(createdAt, now) <= hourMs).length;
  return {
    severity: perHour > maxLinesPerHour ? 'critical' : 'warning',
    reason: `Quarantined in the last 24 hours: ${upTo(lines.length, 'line')}. In the last hour: ${upTo(perHour, 'line')}.`,
    action:
      'Read their reasons. If all are the same, tell the support of the EHR. Correct single lines and store them.',
    subjects: byConnection(lines, ({ reason }) => titleOf(reason)),
  };
}

export function checkDocuments(documents: NonNullable<HealthSnapshot['documents']>, now: Date): Finding {
  if (documents.length === 0) return ok('No document has failed in the last 24 hours.');
  const perHour = documents.filter(({ completedAt }) => completedAt && ageMs(completedAt, now) <= hourMs).length;
  return {
    severity: perHour > maxDocumentsPerHour ? 'critical' : 'warning',
    reason: `Failed in the last 24 hours: ${upTo(documents.length, 'document')}. In the last hour: ${upTo(perHour, 'document')}.`,
    action:
      'Fix the cause that the code describes, and retry the documents. If all are forbidden, the scopes lack Binary.',
    subjects: byConnection(documents, ({ error }) => error?.code ?? 'cancelled'),
  };
}

/** A receiver may be down for a short time. A call is repeated for a day, and an hour of it needs attention. */
export const maxUndeliveredMs = hourMs;
/** A call fails after a day of attempts, and then its failure is shown for another day. */
export const webhooksShownMs = 48 * hourMs;

export function checkWebhooks({ failed, pending }: NonNullable<HealthSnapshot['webhooks']>): Finding {
  const toSubject = (state: string) => (delivery: WebhookDelivery) => {
    const { id, connectionId, attempts } = delivery;
    const last = attempts.at(-1);
    const why = last?.status === undefined ? (last?.error ?? 'no attempt yet') : `the receiver returned ${last.status}`;
    const since = delivery.createdAt.toISOString();
    return { kind: 'webhook-delivery', id, connectionId, since, reason: `${state}: ${why}` } satisfies HealthSubject;
  };
  const calls = [...failed.map(toSubject('failed')), ...pending.map(toSubject('not delivered for an hour'))];
  const alike = Map.groupBy(calls, ({ connectionId, reason }) => `${connectionId} ${reason}`).values();
  const subjects = [...alike].flatMap(([newest, ...others]): HealthSubject[] => {
    if (!newest) return [];
    return [others.length === 0 ? newest : { ...newest, count: others.length + 1 }];
  });
  if (subjects.length === 0) return ok('Every webhook call of the last 48 hours was delivered.');
  return {
    severity: 'warning',
    reason: `Webhook calls that failed: ${failed.length}. Calls that were not delivered for an hour: ${pending.length}.`,
    action: 'Fix the receiver, or set another URL. Then send the calls again.',
    subjects,
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
  reasonOf: (item: Item) => string,
): HealthSubject[] {
  return [...Map.groupBy(items, ({ connectionId }) => connectionId)].map(([id, ofConnection]) => {
    const reasons = [...Map.groupBy(ofConnection, reasonOf)]
      .toSorted(([, left], [, right]) => right.length - left.length)
      .slice(0, 3)
      .map(([reason, { length }]) => `${length} × ${reason}`);
    return { kind: 'connection', id, connectionId: id, reason: reasons.join(', ') };
  });
}
