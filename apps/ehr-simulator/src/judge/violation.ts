export const violationKinds = ['rate', 'day', 'token', 'headers'] as const;
export type ViolationKind = (typeof violationKinds)[number];

/** Something that a well-behaved client never does. */
export interface Violation {
  readonly kind: ViolationKind;
  /** A fixed text for each rule, so that tests and people can group by it. */
  readonly reason: string;
  readonly method: string;
  readonly path: string;
  readonly arrivedAtMs: number;
}
