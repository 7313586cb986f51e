/** `lost`: missing, outdated or wrong. `duplicated`: done or stored twice. `silent`: wrong and not reported. */
export const verdicts = ['lost', 'duplicated', 'silent', 'violations'] as const;
export type Verdict = (typeof verdicts)[number];

/** A violation of a rule. */
export interface Finding {
  readonly verdict: Verdict;
  readonly count: number;
  readonly text: string;
}

export function finding(verdict: Verdict, text: string, count = 1): Finding {
  return { verdict, count, text };
}
