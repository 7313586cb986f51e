import { defineActions } from '@bulkhead/http';

export const apiKeyActions = defineActions('api-key', {
  create: { keys: 'operator', people: 'admin' },
  list: { keys: 'operator', people: 'viewer', audited: false },
  read: { keys: 'operator', people: 'viewer', audited: false },
  revoke: { keys: 'operator', people: 'admin' },
});

export const auditEventActions = defineActions('audit-event', {
  download: { keys: 'operator', people: 'viewer' },
  list: { keys: 'operator', people: 'viewer' },
  verify: { keys: 'operator', people: 'viewer' },
});

export const clientActions = defineActions('client', {
  create: { keys: 'operator', people: 'admin' },
  createSecret: { keys: 'operator', people: 'admin' },
  deleteSecret: { keys: 'operator', people: 'admin' },
  list: { keys: 'operator', people: 'viewer', audited: false },
  read: { keys: 'operator', people: 'viewer', audited: false },
  revoke: { keys: 'operator', people: 'admin' },
});

export const sessionActions = defineActions('session', {
  end: { keys: 'operator', people: 'admin' },
  list: { keys: 'operator', people: 'viewer', audited: false },
  read: { keys: 'client', people: 'viewer', audited: false },
});

export const signingKeyActions = defineActions('signing-key', {
  activate: { keys: 'operator', people: 'admin' },
  create: { keys: 'operator', people: 'admin' },
  delete: { keys: 'operator', people: 'admin' },
  list: { keys: 'operator', people: 'viewer', audited: false },
  read: { keys: 'operator', people: 'viewer', audited: false },
  retire: { keys: 'operator', people: 'admin' },
});
