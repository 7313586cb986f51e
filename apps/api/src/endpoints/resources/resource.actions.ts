import { defineActions } from '../../http/actions.ts';

export const resourceActions = defineActions('resource', {
  read: { keys: 'client', people: 'viewer' },
  search: { keys: 'client', people: 'viewer' },
});
