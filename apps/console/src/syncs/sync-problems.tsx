import { Alert, List } from '@mantine/core';
import type { SyncRunDetail } from '../api/records.ts';

/** What went wrong in a sync, and what it has left out. */
export function SyncProblems({ run: { errorCode, errorMessage, warnings, skipped } }: { readonly run: SyncRunDetail }) {
  return (
    <>
      {errorMessage && (
        <Alert color="red" title={errorCode}>
          {errorMessage}
        </Alert>
      )}
      {warnings.map(({ code, message }) => (
        <Alert key={code + message} color="yellow" title={code}>
          {message}
        </Alert>
      ))}
      {skipped.length > 0 && (
        <Alert color="yellow" title="Types that were left out">
          <List size="sm">
            {skipped.map(({ resourceType, reason }) => (
              <List.Item key={resourceType}>
                {resourceType}: {reason}
              </List.Item>
            ))}
          </List>
        </Alert>
      )}
    </>
  );
}
