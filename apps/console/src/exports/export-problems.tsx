import { Alert, List, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconInfoCircle } from '@tabler/icons-react';
import { Link } from 'react-router';
import type { BulkExport, OutputFile } from '../api/records.ts';
import { formatCount } from '../parts/format-count.ts';
import { groupFailures } from './group-failures.ts';

interface ExportProblemsProps {
  readonly record: BulkExport;
  readonly files: readonly OutputFile[];
}

/** What went wrong and what to do, the same thing once however many files it has met. */
export function ExportProblems({ record, files }: ExportProblemsProps) {
  const { id, errorCode, errorMessage, warnings, issues, counts } = record;
  const failures = groupFailures(files);
  const isClean = !errorMessage && failures.length + warnings.length + issues.length + counts.quarantined === 0;
  if (isClean) return null;
  return (
    <Stack gap="xs">
      {errorMessage && (
        <Alert color="red" title={errorCode} icon={<IconAlertTriangle aria-hidden />}>
          {errorMessage}
        </Alert>
      )}
      {failures.map(({ code, message, count }) => (
        <Alert key={code} color="red" title={`${formatCount(count)} ${count === 1 ? 'file' : 'files'}: ${code}`}>
          {message}
        </Alert>
      ))}
      {counts.quarantined > 0 && (
        <Alert color="yellow" title={`In quarantine: ${formatCount(counts.quarantined)}`}>
          Lines that could not be stored as they are. <Link to={`/quarantine?exportId=${id}`}>Look at them</Link>
        </Alert>
      )}
      {warnings.map(({ code, message }) => (
        <Alert key={code + message} color="yellow" title={code} icon={<IconInfoCircle aria-hidden />}>
          {message}
        </Alert>
      ))}
      {issues.length > 0 && (
        <Alert color="yellow" title="The EHR reports">
          <List size="sm">
            {issues.map(({ severity, code, count }) => (
              <List.Item key={severity + code}>
                <Text span inherit>
                  {formatCount(count)} × {severity}: {code}
                </Text>
              </List.Item>
            ))}
          </List>
        </Alert>
      )}
    </Stack>
  );
}
