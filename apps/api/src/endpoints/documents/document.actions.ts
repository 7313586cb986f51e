import { defineActions } from '../../http/actions.ts';

export const documentActions = defineActions('document', {
  describe: { keys: 'client', people: 'viewer' },
  // Audited, although it is a list: the record of a document contains its title and its patient.
  list: { keys: 'client', people: 'viewer' },
  read: { keys: 'client', people: 'viewer' },
  retry: { keys: 'client', people: 'operator' },
});
