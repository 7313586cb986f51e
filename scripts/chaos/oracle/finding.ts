/** `lost`: missing, older or wrong. `duplicated`: done or there twice. `silent`: wrong, and nobody was told. */
export const verdicts = ['lost', 'duplicated', 'silent', 'violations'] as const;
export type Verdict = (typeof verdicts)[number];

/** Something that must not be. */
export interface Finding {
  readonly verdict: Verdict;
  readonly count: number;
  readonly text: string;
}
