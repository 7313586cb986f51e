import { defineActions } from '../../http/actions.ts';

export const tableActions = defineActions('table', {
  list: { keys: 'client', people: 'viewer', audited: false },
  search: { keys: 'client', people: 'viewer' },
});
