import { defineActions } from '@bulkhead/http';

export const quarantineActions = defineActions('quarantine', {
  describe: { keys: 'client', people: 'viewer', audited: false },
  dismiss: { keys: 'operator', people: 'operator' },
  // The response says which lines were rejected and why, but contains none of their content.
  list: { keys: 'client', people: 'viewer', audited: false },
  read: { keys: 'operator', people: 'operator' },
  replay: { keys: 'operator', people: 'operator' },
});
