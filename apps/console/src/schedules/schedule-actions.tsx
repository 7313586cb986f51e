import { Button, Group } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { api } from '../api/api.ts';
import type { Schedule } from '../api/records.ts';
import { confirm } from '../parts/confirm.ts';
import { tell } from '../parts/tell.ts';

export function ScheduleActions({ schedule: { id, paused } }: { readonly schedule: Schedule }) {
  const queries = useQueryClient();
  const params = { path: { id } };
  const options = { onSuccess: () => queries.invalidateQueries(), onError: tell.failed };
  const change = api.useMutation('patch', '/api/ehr/schedules/{id}', options);
  const run = api.useMutation('post', '/api/ehr/schedules/{id}/run', options);
  const remove = api.useMutation('delete', '/api/ehr/schedules/{id}', options);
  const askToRemove = () =>
    confirm({
      title: 'Remove this schedule?',
      children: 'Runs that it has started go on.',
      action: 'Remove the schedule',
      onConfirm: () => remove.mutate({ params }),
    });
  return (
    <Group gap="xs">
      <Button size="compact-sm" variant="light" loading={run.isPending} onClick={() => run.mutate({ params })}>
        Run now
      </Button>
      <Button
        size="compact-sm"
        variant="light"
        loading={change.isPending}
        onClick={() => change.mutate({ params, body: { paused: !paused } })}
      >
        {paused ? 'Resume' : 'Pause'}
      </Button>
      <Button size="compact-sm" variant="outline" color="red" loading={remove.isPending} onClick={askToRemove}>
        Remove
      </Button>
    </Group>
  );
}
