import type { ExportView } from '../export/follow-export.ts';
import type { Finding } from './finding.ts';

/** An export of the round, and its end. */
export interface RoundExport {
  /** Undefined: the order was not answered in time. */
  readonly exportId?: string;
  /** Undefined: it did not end in time. */
  readonly end?: ExportView;
}

/** Warnings that say that something is missing. */
const lossWarnings = new Set(['files-failed', 'lines-quarantined', 'manifest-entries', 'reported-by-ehr']);

/** Whether everything was brought, or at least nobody said otherwise. */
export function isWhole({ end }: RoundExport): boolean {
  return end?.status === 'COMPLETED' && !end.warnings.some(({ code }) => lossWarnings.has(code));
}

/**
 * An export ends, in time, and says how. Its failure is news where chaos lasted, and a loss where it was a plain crash:
 * whoever has to order again had nothing of the first.
 */
export function judgeEnds(options: {
  readonly exports: readonly RoundExport[];
  readonly mayFail: boolean;
  /** Resources that are not stored as served, after the last of them. */
  readonly differences: number;
}): Finding[] {
  const { exports, mayFail, differences } = options;
  const findings = exports.flatMap((one) => judgeEnd({ one, mayFail }));
  const last = exports.at(-1);
  if (last && isWhole(last) && differences > 0)
    findings.push(
      silent(`${last.exportId} is COMPLETED without a word, and ${differences} resources are not as served`),
    );
  return findings;
}

function judgeEnd({ one, mayFail }: { readonly one: RoundExport; readonly mayFail: boolean }): Finding[] {
  const { exportId, end } = one;
  if (exportId === undefined) return [silent('the order of an export was not answered in time')];
  if (!end) return [silent(`${exportId} did not end in time`)];
  if (end.status === 'FAILED' && !end.errorMessage) return [silent(`${exportId} is FAILED and does not say why`)];
  if (isWhole(one) || mayFail) return [];
  const why = end.errorCode ?? end.warnings.map(({ code }) => code).join(', ');
  return [{ verdict: 'lost', count: 1, text: `${exportId} is ${end.status} (${why}) over a plain crash` }];
}

function silent(text: string): Finding {
  return { verdict: 'silent', count: 1, text };
}
