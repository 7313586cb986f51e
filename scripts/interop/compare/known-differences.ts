/** The facts about a comparison that known differences depend on. */
export interface Scope {
  /** The level of the export; undefined for a sync. */
  readonly level?: 'Patient' | 'Group' | 'System';
  /** `Type/id` of each resource to which stored resources refer. */
  readonly referredTo?: ReadonlySet<string>;
  /** `Type/id` of each resource that the server has deleted without reporting it. */
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
  /** Whether this row explains the finding. A finding without an explanation is a difference. */
  readonly explains: (finding: Finding) => boolean;
}

/** All accepted differences between the stored and the served resources, each with its reason. */
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
      'The server lists no deletions in exports, and a search shows none, so resources that were deleted there stay stored. ' +
      'An export reports this by the warning deletions-not-listed.',
    explains: ({ what, scope, type, id }) => what === 'extra' && (scope.deletedUnseen?.has(`${type}/${id}`) ?? false),
  },
];
