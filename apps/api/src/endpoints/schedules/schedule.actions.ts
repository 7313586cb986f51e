import { defineActions } from '@bulkhead/http';

export const scheduleActions = defineActions('schedule', {
  change: { keys: 'client', people: 'operator' },
  create: { keys: 'client', people: 'operator' },
  delete: { keys: 'client', people: 'operator' },
  list: { keys: 'client', people: 'viewer', audited: false },
  read: { keys: 'client', people: 'viewer', audited: false },
  run: { keys: 'client', people: 'operator' },
});
