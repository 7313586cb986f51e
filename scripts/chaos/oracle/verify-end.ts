import type { ExportView } from '@bulkhead/imports/export/commands';
import { type Finding, finding } from './finding.ts';

/** An export of the round and its end. */
export interface RoundExport {
  /** Undefined if the POST was not answered in time. */
  readonly exportId?: string;
  /** Undefined if the export did not end in time. */
  readonly end?: Pick<ExportView, 'status' | 'warnings' | 'errorCode' | 'errorMessage'>;
}

/** Warnings that report missing data. */
const lossWarnings = new Set(['files-failed', 'lines-quarantined', 'manifest-entries', 'reported-by-ehr']);

/** Whether the export is completed without a warning about missing data. */
export function isWhole({ end }: RoundExport): boolean {
  return end?.status === 'COMPLETED' && !end.warnings.some(({ code }) => lossWarnings.has(code));
}

/**
 * Verifies that each export ends in time and reports how. A reported failure is allowed during a lasting outage. After
 * a short crash it is a loss, because the client has to start another export.
 */
export function verifyEnds(options: {
  readonly exports: readonly RoundExport[];
  readonly mayFail: boolean;
  /** The number of resources that are not stored as served after the last export. */
  readonly differences: number;
}): Finding[] {
  const { exports, mayFail, differences } = options;
  const findings = exports.flatMap((record) => verifyEnd({ record, mayFail }));
  const last = exports.at(-1);
  if (last && isWhole(last) && differences > 0)
    findings.push(
      finding(
        'silent',
        `${last.exportId} is COMPLETED without a warning, but ${differences} resources are not stored as served`,
      ),
    );
  return findings;
}

function verifyEnd({ record, mayFail }: { readonly record: RoundExport; readonly mayFail: boolean }): Finding[] {
  const { exportId, end } = record;
  if (exportId === undefined) return [finding('silent', 'the POST of an export was not answered in time')];
  if (!end) return [finding('silent', `${exportId} did not end in time`)];
  if (end.status === 'FAILED' && !end.errorMessage)
    return [finding('silent', `${exportId} is FAILED without a reason`)];
  if (isWhole(record) || mayFail) return [];
  const why = end.errorCode ?? end.warnings.map(({ code }) => code).join(', ');
  return [finding('lost', `${exportId} is ${end.status} (${why}) after a short crash`)];
}
