import { defineActions } from '@bulkhead/http';

export const connectionActions = defineActions('connection', {
  apply: { keys: 'operator', people: 'admin' },
  authorize: { keys: 'operator', people: 'operator' },
  cancelProbe: { keys: 'operator', people: 'operator' },
  changeCredentials: { keys: 'operator', people: 'admin' },
  changeOrigins: { keys: 'operator', people: 'admin' },
  create: { keys: 'operator', people: 'operator' },
  delete: { keys: 'operator', people: 'admin' },
  list: { keys: 'client', people: 'viewer', audited: false },
  // Recorded, because a plan tells whether a secret is the stored one.
  plan: { keys: 'operator', people: 'admin' },
  probe: { keys: 'operator', people: 'operator' },
  read: { keys: 'client', people: 'viewer', audited: false },
  // Counts only, and no patient data.
  readAmounts: { keys: 'operator', people: 'viewer', audited: false },
  readCapabilities: { keys: 'client', people: 'viewer', audited: false },
  readProbe: { keys: 'client', people: 'viewer', audited: false },
  rename: { keys: 'operator', people: 'operator' },
  test: { keys: 'client', people: 'operator' },
  testDraft: { keys: 'operator', people: 'operator' },
});

export const providerActions = defineActions('provider', {
  applyFacts: { keys: 'operator', people: 'admin' },
  list: { keys: 'client', people: 'viewer', audited: false },
  read: { keys: 'operator', people: 'viewer', audited: false },
});
