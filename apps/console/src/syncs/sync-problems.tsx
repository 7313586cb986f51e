import { Alert, List } from '@mantine/core';
import type { SyncRunDetail } from '../api/records.ts';
import { RunProblems } from '../parts/run-problems.tsx';

/** What went wrong in a sync, what holds it up, and what it has left out. */
export function SyncProblems({ run }: { readonly run: SyncRunDetail }) {
  return (
    <>
      <RunProblems run={run} />
      {run.skipped.length > 0 && (
        <Alert color="yellow" title="Types that were left out">
          <List size="sm">
            {run.skipped.map(({ resourceType, reason }) => (
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
