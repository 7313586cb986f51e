import type { RoundReport } from '../run-round.ts';

/** Formats a round as one line, followed by one line for each finding. */
export function formatRound(report: RoundReport): string {
  const { round, kind, export: what, moment, faults, outcome, notes, seconds, findings, unavoidableKickOffs } = report;
  const extras = [
    ...(faults.length > 0 ? [`faults: ${faults.join(', ')}`] : []),
    ...notes,
    ...(unavoidableKickOffs > 0 ? [`unavoidable kick-offs: ${unavoidableKickOffs}`] : []),
  ];
  const columns = [
    String(round).padStart(4),
    kind.padEnd(18),
    what.padEnd(5),
    moment.padEnd(28),
    `${seconds.toFixed(1)} s`.padStart(7),
    [outcome, ...extras].join('; '),
  ];
  const lines = findings.map(({ verdict, count, text }) => `     ! ${verdict} ${count}: ${text}`);
  return [columns.join('  '), ...lines].join('\n');
}
