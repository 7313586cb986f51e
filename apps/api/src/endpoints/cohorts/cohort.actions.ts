import { defineActions } from '@bulkhead/http';

export const cohortActions = defineActions('cohort', {
  change: { keys: 'client', people: 'operator' },
  delete: { keys: 'client', people: 'operator' },
  list: { keys: 'client', people: 'viewer', audited: false },
  // Its response has the ids of patients.
  read: { keys: 'client', people: 'viewer' },
  set: { keys: 'client', people: 'operator' },
});
