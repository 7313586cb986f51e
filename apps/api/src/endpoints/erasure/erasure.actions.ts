import { defineActions } from '@bulkhead/http';

export const erasureActions = defineActions('erasure', {
  list: { keys: 'operator', people: 'viewer', audited: false },
  confirmStopped: { keys: 'operator', people: 'admin' },
  read: { keys: 'operator', people: 'viewer', audited: false },
});

export const patientActions = defineActions('patient', {
  erase: { keys: 'operator', people: 'admin' },
  letIn: { keys: 'operator', people: 'admin' },
  readAmounts: { keys: 'operator', people: 'viewer' },
});

export const retentionActions = defineActions('retention', {
  read: { keys: 'operator', people: 'viewer', audited: false },
});
