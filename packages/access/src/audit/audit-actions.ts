/** Whether a request is recorded. `if-shown`: only if the response contains data that must not be shown without a record (`isShown`). */
export type Audited = boolean | 'if-shown';

/** Log-ins, commands and the ends of work have `none`, because no endpoint does them. */
type Rules =
  | 'none'
  | {
      /** `client`: every API key, within its connections. `operator`: only keys of operators. */
      readonly keys: 'client' | 'operator';
      /** Of the people who log in: everyone, operators and admins, or admins alone, because it opens other data or deletes it. */
      readonly people: 'viewer' | 'operator' | 'admin';
      /** Default: true, so that an action leaves no event only if it says so. */
      readonly audited?: Audited;
    };

/**
 * Every action of the audit log, who may do it, and whether it is recorded. A search for another one is refused, because an empty answer would
 * say that nothing was done. No name is ever removed: events with a former name are stored for years.
 */
export const auditActions = {
  'api-key.create': { keys: 'operator', people: 'admin' },
  'api-key.list': { keys: 'operator', people: 'viewer', audited: false },
  'api-key.read': { keys: 'operator', people: 'viewer', audited: false },
  'api-key.revoke': { keys: 'operator', people: 'admin' },
  'audit-event.download': { keys: 'operator', people: 'viewer' },
  'audit-event.list': { keys: 'operator', people: 'viewer' },
  'audit-event.verify': { keys: 'operator', people: 'viewer' },
  authenticate: 'none',
  'client.create': { keys: 'operator', people: 'admin' },
  'client.create-secret': { keys: 'operator', people: 'admin' },
  'client.delete-secret': { keys: 'operator', people: 'admin' },
  'client.list': { keys: 'operator', people: 'viewer', audited: false },
  'client.read': { keys: 'operator', people: 'viewer', audited: false },
  'client.revoke': { keys: 'operator', people: 'admin' },
  'cohort.change': { keys: 'client', people: 'operator' },
  'cohort.delete': { keys: 'client', people: 'operator' },
  'cohort.list': { keys: 'client', people: 'viewer', audited: false },
  // Its response has the ids of patients.
  'cohort.read': { keys: 'client', people: 'viewer' },
  'cohort.set': { keys: 'client', people: 'operator' },
  'command.create-api-key': 'none',
  'command.migrate': 'none',
  'command.rotate-encryption-key': 'none',
  'connection.apply': { keys: 'operator', people: 'admin' },
  'connection.authorize': { keys: 'operator', people: 'operator' },
  'connection.authorized': 'none',
  'connection.cancel-probe': { keys: 'operator', people: 'operator' },
  'connection.change-credentials': { keys: 'operator', people: 'admin' },
  'connection.change-origins': { keys: 'operator', people: 'admin' },
  'connection.create': { keys: 'operator', people: 'operator' },
  'connection.delete': { keys: 'operator', people: 'admin' },
  'connection.erased': 'none',
  'connection.list': { keys: 'client', people: 'viewer', audited: false },
  // Recorded, because a plan tells whether a secret is the stored one.
  'connection.plan': { keys: 'operator', people: 'admin' },
  'connection.probe': { keys: 'operator', people: 'operator' },
  'connection.read': { keys: 'client', people: 'viewer', audited: false },
  // Counts only, and no patient data.
  'connection.read-amounts': { keys: 'operator', people: 'viewer', audited: false },
  'connection.read-capabilities': { keys: 'client', people: 'viewer', audited: false },
  'connection.read-probe': { keys: 'client', people: 'viewer', audited: false },
  'connection.rename': { keys: 'operator', people: 'operator' },
  'connection.test': { keys: 'client', people: 'operator' },
  'connection.test-draft': { keys: 'operator', people: 'operator' },
  'document.describe': { keys: 'client', people: 'viewer' },
  // Audited, although it is a list: the record of a document contains its title and its patient.
  'document.list': { keys: 'client', people: 'viewer' },
  'document.read': { keys: 'client', people: 'viewer' },
  'document.retry': { keys: 'client', people: 'operator' },
  'erasure.list': { keys: 'operator', people: 'viewer', audited: false },
  'erasure.confirm-stopped': { keys: 'operator', people: 'admin' },
  'erasure.read': { keys: 'operator', people: 'viewer', audited: false },
  'export.cancel': { keys: 'client', people: 'operator' },
  'export.create': { keys: 'client', people: 'operator' },
  'export.list': { keys: 'client', people: 'viewer', audited: false },
  // A signed link to a file opens the file without a token, so showing such links is audited.
  'export.read': { keys: 'client', people: 'viewer', audited: 'if-shown' },
  // It shows neither links nor resources.
  'export.read-log': { keys: 'client', people: 'viewer', audited: false },
  'export.retry': { keys: 'client', people: 'operator' },
  'health-report.read': { keys: 'operator', people: 'viewer', audited: false },
  'history.read': { keys: 'operator', people: 'viewer', audited: false },
  'metrics.read': { keys: 'operator', people: 'viewer', audited: false },
  'patient.erase': { keys: 'operator', people: 'admin' },
  'patient.erased': 'none',
  'patient.let-in': { keys: 'operator', people: 'admin' },
  'patient.read-amounts': { keys: 'operator', people: 'viewer' },
  'provider.apply-facts': { keys: 'operator', people: 'admin' },
  'provider.change': { keys: 'operator', people: 'admin' },
  'provider.list': { keys: 'client', people: 'viewer', audited: false },
  'provider.read': { keys: 'operator', people: 'viewer', audited: false },
  'provider.remove': { keys: 'operator', people: 'admin' },
  'quarantine.describe': { keys: 'client', people: 'viewer', audited: false },
  'quarantine.dismiss': { keys: 'operator', people: 'operator' },
  // The response says which lines were rejected and why, but contains none of their content.
  'quarantine.list': { keys: 'client', people: 'viewer', audited: false },
  'quarantine.read': { keys: 'operator', people: 'operator' },
  'quarantine.replay': { keys: 'operator', people: 'operator' },
  'process.list': { keys: 'operator', people: 'viewer', audited: false },
  'queue.change': { keys: 'operator', people: 'operator' },
  'queue.list': { keys: 'operator', people: 'viewer', audited: false },
  'rate-budget.list': { keys: 'client', people: 'viewer', audited: false },
  'resource.read': { keys: 'client', people: 'viewer' },
  'resource.search': { keys: 'client', people: 'viewer' },
  'retention.read': { keys: 'operator', people: 'viewer', audited: false },
  'schedule.change': { keys: 'client', people: 'operator' },
  'schedule.create': { keys: 'client', people: 'operator' },
  'schedule.delete': { keys: 'client', people: 'operator' },
  'schedule.list': { keys: 'client', people: 'viewer', audited: false },
  'schedule.read': { keys: 'client', people: 'viewer', audited: false },
  'schedule.run': { keys: 'client', people: 'operator' },
  'session.end': { keys: 'operator', people: 'admin' },
  'session.list': { keys: 'operator', people: 'viewer', audited: false },
  'session.login': 'none',
  'session.logout': 'none',
  'session.read': { keys: 'client', people: 'viewer', audited: false },
  'signing-key.activate': { keys: 'operator', people: 'admin' },
  'signing-key.create': { keys: 'operator', people: 'admin' },
  'signing-key.delete': { keys: 'operator', people: 'admin' },
  'signing-key.list': { keys: 'operator', people: 'viewer', audited: false },
  'signing-key.read': { keys: 'operator', people: 'viewer', audited: false },
  'signing-key.retire': { keys: 'operator', people: 'admin' },
  'sync.cancel': { keys: 'client', people: 'operator' },
  'sync.create': { keys: 'client', people: 'operator' },
  'sync.list': { keys: 'client', people: 'viewer', audited: false },
  'sync.read': { keys: 'client', people: 'viewer', audited: false },
  // It shows neither resources nor patients.
  'sync.read-log': { keys: 'client', people: 'viewer', audited: false },
  'sync.retry': { keys: 'client', people: 'operator' },
  'table.list': { keys: 'client', people: 'viewer', audited: false },
  'table.search': { keys: 'client', people: 'viewer' },
  'token.issue': 'none',
  'webhook.list-deliveries': { keys: 'client', people: 'viewer', audited: false },
  'webhook.read-delivery': { keys: 'client', people: 'viewer', audited: false },
  'webhook.remove': { keys: 'client', people: 'operator' },
  'webhook.resend': { keys: 'client', people: 'operator' },
  'webhook.set': { keys: 'client', people: 'operator' },
} as const satisfies Readonly<Record<string, Rules>>;
export type AuditAction = keyof typeof auditActions;
/** The actions of endpoints. */
export type EndpointAction = {
  [Action in AuditAction]: (typeof auditActions)[Action] extends 'none' ? never : Action;
}[AuditAction];

export function rulesOf(action: EndpointAction): Exclude<Rules, 'none'> {
  return auditActions[action];
}
