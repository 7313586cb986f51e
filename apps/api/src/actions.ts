import type { ApiKeyRole } from '@bulkhead/store';

interface ActionRule {
  /** `client`: every key, within its connections. `operator`: theirs alone. */
  readonly role: ApiKeyRole;
  /**
   * Whether each time is written down: whatever changes something, and whatever shows patient data or who has seen them.
   * `if-shown`: only if the answer has what may not be shown unrecorded (`isShown`).
   */
  readonly audited: boolean | 'if-shown';
}

const look: ActionRule = { role: 'client', audited: false };
const act: ActionRule = { role: 'client', audited: true };
const lookAsOperator: ActionRule = { role: 'operator', audited: false };
const actAsOperator: ActionRule = { role: 'operator', audited: true };

/**
 * What can be done over HTTP, who may, and what stands in the audit log of it. Every route names its action (`allow`), and a
 * test finds one that does not. Clients move their practice's data; what gives access to it, or could take it from others, is
 * the operators' business: credentials, keys, single lines that nobody has understood.
 */
export const actions = {
  // Who asks, and what anybody could read in the documentation of a deployment.
  'session.read': look,
  'provider.list': look,
  'connection.create': actAsOperator,
  'connection.list': look,
  'connection.read': look,
  'connection.read-capabilities': look,
  'connection.authorize': actAsOperator,
  'connection.test': act,
  'connection.change-credentials': actAsOperator,
  'connection.delete': actAsOperator,
  // Counts, and nothing of what is counted.
  'connection.read-amounts': lookAsOperator,
  'patient.read-amounts': actAsOperator,
  'patient.erase': actAsOperator,
  'patient.let-in': actAsOperator,
  'erasure.list': lookAsOperator,
  'erasure.read': lookAsOperator,
  'retention.read': lookAsOperator,
  'rate-budget.list': look,
  'export.create': act,
  'export.list': look,
  // The addresses of an export's files can be all that is needed to read them: a signed link is.
  'export.read': { role: 'client', audited: 'if-shown' },
  'export.cancel': act,
  'export.retry': act,
  'sync.create': act,
  'sync.list': look,
  'sync.read': look,
  'sync.cancel': act,
  'sync.retry': act,
  'schedule.create': act,
  'schedule.list': look,
  'schedule.read': look,
  'schedule.change': act,
  'schedule.run': act,
  'schedule.delete': act,
  'resource.search': act,
  'resource.read': act,
  // The record of a document has its title and its patient.
  'document.list': act,
  'document.describe': act,
  'document.read': act,
  'document.retry': act,
  // Where a line stood and why it is there: nothing of what it holds.
  'quarantine.list': look,
  'quarantine.describe': look,
  'quarantine.read': actAsOperator,
  'quarantine.replay': actAsOperator,
  'webhook.set': act,
  'webhook.remove': act,
  'webhook.list-deliveries': look,
  'webhook.resend': act,
  'signing-key.create': actAsOperator,
  'signing-key.list': lookAsOperator,
  'signing-key.activate': actAsOperator,
  'signing-key.retire': actAsOperator,
  'signing-key.delete': actAsOperator,
  'deployment.diagnose': lookAsOperator,
  'queue.list': lookAsOperator,
  'api-key.create': actAsOperator,
  'api-key.list': lookAsOperator,
  'api-key.revoke': actAsOperator,
  'audit-event.list': actAsOperator,
  'audit-event.verify': actAsOperator,
  // In the browser, outside of /api/ehr.
  'session.login': act,
  'session.logout': act,
  'queue.change': actAsOperator,
} as const satisfies Record<string, ActionRule>;

export type Action = keyof typeof actions;
