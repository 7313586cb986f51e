import type { ServedResource } from '../server/fhir-server.ts';

/** A resource that only one of the servers includes. */
export interface IncludeFinding {
  /** `extra`: only Bulkhead includes it. */
  readonly what: 'extra' | 'missing';
  readonly target: ServedResource | undefined;
  /** The resources of the searched type that refer to it anywhere. */
  readonly sources: readonly ServedResource[];
}

export interface KnownIncludeDifference {
  readonly id: string;
  readonly reason: string;
  readonly explains: (finding: IncludeFinding) => boolean;
}

/** All accepted differences between included resources, each with its reason. */
export const knownIncludeDifferences: readonly KnownIncludeDifference[] = [
  {
    id: 'target-stored-later',
    reason:
      'HAPI does not index a reference to a resource that it did not have when it stored the reference, so it does not include the target. R4 ' +
      '(https://hl7.org/fhir/R4/search.html#include) includes what a reference identifies.',
    explains: ({ what, target, sources }) => {
      if (what === 'missing' || !target || sources.length === 0) return false;
      return sources.every((source) => lastUpdatedOf(source) < lastUpdatedOf(target));
    },
  },
];

/** HAPI dates all resources alike: in UTC, with milliseconds. */
function lastUpdatedOf({ meta }: ServedResource): string {
  return (meta as { readonly lastUpdated: string }).lastUpdated;
}
