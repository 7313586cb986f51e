import { Alert, List } from '@mantine/core';
import type { SyncRunDetail } from '../api/records.ts';
import { Moment } from '../parts/moment.tsx';
import { RunProblems } from '../parts/run-problems.tsx';

/** What went wrong in a sync, what holds it up, and what it has left out. */
export function SyncProblems({ run }: { readonly run: SyncRunDetail }) {
  return (
    <>
      <RunProblems run={run} />
      {run.retrying.length > 0 && (
        <Alert color="yellow" title="Searches that wait or are retried">
          <List size="sm">
            {run.retrying.map((retry, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: several steps can wait for the same, and none has an id here.
              <List.Item key={index}>
                {retry.resourceType}: {retry.message} Since <Moment at={retry.since} />, {retry.attempts} attempts.
                {retry.nextAttemptAt && (
                  <>
                    {' '}
                    Next attempt: <Moment at={retry.nextAttemptAt} />.
                  </>
                )}
              </List.Item>
            ))}
          </List>
        </Alert>
      )}
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
