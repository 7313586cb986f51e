import type { ChaosKind } from '../actions/chaos-kinds.ts';
import { type Verdict, verdicts } from '../oracle/finding.ts';
import type { RoundReport } from '../run-round.ts';

export type Summary = ReturnType<typeof summarize>;

export function summarize(options: {
  readonly reports: readonly RoundReport[];
  readonly seed: number;
  /** The kinds that this machine cannot inject, with the reason. They have no result. */
  readonly skipped: Readonly<Partial<Record<ChaosKind, string>>>;
}) {
  const { reports, seed, skipped } = options;
  const byKind = Map.groupBy(reports, ({ kind }) => kind);
  return {
    ...sum(reports),
    seed,
    byKind: Object.fromEntries([...byKind].map(([kind, ofKind]) => [kind, sum(ofKind)])),
    skipped,
  };
}

export function isClean(summary: Summary): boolean {
  return verdicts.every((verdict) => summary[verdict] === 0);
}

function sum(reports: readonly RoundReport[]) {
  const total = (verdict: Verdict): number =>
    reports
      .flatMap(({ findings }) => findings)
      .reduce((all, finding) => all + (finding.verdict === verdict ? finding.count : 0), 0);
  return {
    rounds: reports.length,
    lost: total('lost'),
    duplicated: total('duplicated'),
    silent: total('silent'),
    violations: total('violations'),
    unavoidableKickOffs: reports.reduce((all, report) => all + report.unavoidableKickOffs, 0),
  };
}
