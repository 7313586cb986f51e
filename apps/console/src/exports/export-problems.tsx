import { Alert, List } from '@mantine/core';
import { Link } from 'react-router';
import type { BulkExport, OutputFile } from '../api/records.ts';
import { formatCount } from '../parts/format-count.ts';
import { RunProblems } from '../parts/run-problems.tsx';
import { groupFailures } from './group-failures.ts';

interface ExportProblemsProps {
  readonly record: BulkExport;
  readonly files: readonly OutputFile[];
}

/** What went wrong and what to do, the same thing once however many files it has met. */
export function ExportProblems({ record, files }: ExportProblemsProps) {
  const { id, issues, counts } = record;
  return (
    <>
      <RunProblems run={record}>
        {groupFailures(files).map(({ code, message, count }) => (
          <Alert key={code} color="red" title={`${formatCount(count)} ${count === 1 ? 'file' : 'files'}: ${code}`}>
            {message}
          </Alert>
        ))}
        {counts.quarantined > 0 && (
          <Alert color="yellow" title={`In quarantine: ${formatCount(counts.quarantined)}`}>
            Lines that could not be stored as they are. <Link to={`/quarantine?exportId=${id}`}>Look at them</Link>
          </Alert>
        )}
      </RunProblems>
      {issues.length > 0 && (
        <Alert color="yellow" title="The EHR reports">
          <List size="sm">
            {issues.map(({ severity, code, count, ehrText }) => (
              <List.Item key={severity + code}>
                {formatCount(count)} × {severity}: {code}
                {ehrText !== undefined && <>, for example: {ehrText}</>}
              </List.Item>
            ))}
          </List>
        </Alert>
      )}
    </>
  );
}
