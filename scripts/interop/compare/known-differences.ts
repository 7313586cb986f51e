/** What the known differences need to know about a comparison. */
export interface Scope {
  /** Of the export; left out for a sync. */
  readonly level?: 'Patient' | 'Group' | 'System';
  /** `Type/id` of resources that stored resources refer to. */
  readonly referredTo?: ReadonlySet<string>;
  /** `Type/id` of resources that the server has deleted without telling. */
  readonly deletedUnseen?: ReadonlySet<string>;
}

export interface Finding {
  readonly what: 'different' | 'missing' | 'extra';
  readonly type: string;
  readonly id: string;
  readonly scope: Scope;
}

export interface KnownDifference {
  readonly id: string;
  readonly reason: string;
  /** Whether it explains the finding. Anything that no row explains counts. */
  readonly explains: (finding: Finding) => boolean;
}

/** Everything in which the stored resources may differ from what the server serves, with the reason. */
export const knownDifferences: readonly KnownDifference[] = [
  {
    id: 'not-referred-to',
    reason:
      'A Group level export of this server has only the Organizations and Practitioners that its other resources refer to.',
    explains: ({ what, scope, type, id }) =>
      what === 'missing' &&
      scope.level === 'Group' &&
      (type === 'Organization' || type === 'Practitioner') &&
      scope.referredTo?.has(`${type}/${id}`) === false,
  },
  {
    id: 'deletion-not-listed',
    reason:
      'The server lists no deletions in exports, and a search shows none, so what was deleted there stays stored. ' +
      'An export says so by the warning deletions-not-listed.',
    explains: ({ what, scope, type, id }) => what === 'extra' && (scope.deletedUnseen?.has(`${type}/${id}`) ?? false),
  },
];
