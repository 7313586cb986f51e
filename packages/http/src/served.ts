import { type Action, defineActions } from './actions.ts';

// What the API must know of the program `serve`, which answers with stored data: its paths, to pass their requests on, and the names of its
// actions, which the audit log of both programs has.

export const documentActions = defineActions('document', {
  describe: { keys: 'client', people: 'viewer' },
  // Audited, although it is a list: the record of a document contains its title and its patient.
  list: { keys: 'client', people: 'viewer' },
  read: { keys: 'client', people: 'viewer' },
  retry: { keys: 'client', people: 'operator' },
});

export const resourceActions = defineActions('resource', {
  read: { keys: 'client', people: 'viewer' },
  search: { keys: 'client', people: 'viewer' },
});

export const tableActions = defineActions('table', {
  list: { keys: 'client', people: 'viewer', audited: false },
  search: { keys: 'client', people: 'viewer' },
});

export const servedActions: readonly Action[] = [documentActions, resourceActions, tableActions].flatMap((actions) =>
  Object.values(actions),
);

const served = /^\/api\/ehr\/[^/]+\/(?:(?:fhir|resources|tables)(?:\/|$)|documents\/[^/]+$)/;

/**
 * Whether `serve` answers a path, unless the API has an endpoint for it.
 * @param path as it was sent, not decoded: both programs then read it alike
 */
export function isServed(path: string): boolean {
  return served.test(path);
}

/** Where backend clients get the tokens with which they read stored data. */
export const tokenPath = '/api/ehr/oauth/token';
