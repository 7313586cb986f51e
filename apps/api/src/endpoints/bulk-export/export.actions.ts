import { defineActions } from '@bulkhead/http';

export const exportActions = defineActions('export', {
  cancel: { keys: 'client', people: 'operator' },
  create: { keys: 'client', people: 'operator' },
  list: { keys: 'client', people: 'viewer', audited: false },
  // A signed link to a file opens the file without a token, so showing such links is audited.
  read: { keys: 'client', people: 'viewer', audited: 'if-shown' },
  // It shows neither links nor resources.
  readLog: { keys: 'client', people: 'viewer', audited: false },
  retry: { keys: 'client', people: 'operator' },
});
