import { List } from '@mantine/core';
import { api } from '../api/api.ts';
import type { Schedule } from '../api/records.ts';
import { Moment } from '../parts/moment.tsx';
import { StatusBadge } from '../parts/status-badge.tsx';

/** Enough to see a mistake in the cron or the zone. */
const shown = 3;

export function NextRuns({ schedule: { id, paused } }: { readonly schedule: Schedule }) {
  const found = api.useQuery('get', '/api/ehr/schedules/{id}', { params: { path: { id } } }, { enabled: !paused });
  if (paused) return <StatusBadge status="paused" />;
  return (
    <List listStyleType="none" size="sm">
      {(found.data?.data.nextRuns ?? []).slice(0, shown).map((at) => (
        <List.Item key={at}>
          <Moment at={at} />
        </List.Item>
      ))}
    </List>
  );
}
