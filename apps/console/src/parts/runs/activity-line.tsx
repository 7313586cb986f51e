import { Text } from '@mantine/core';
import { useInterval } from '@mantine/hooks';
import { useState } from 'react';
import type { RunActivity } from '../../api/api.ts';
import { activityText } from './activity-text.ts';

interface ActivityLineProps {
  readonly activity: RunActivity;
  readonly runs: 'Exports' | 'Syncs';
}

/** What a running export or sync waits for, with the seconds that are left. */
export function ActivityLine({ activity, runs }: ActivityLineProps) {
  const [now, setNow] = useState(() => new Date());
  useInterval(() => setNow(new Date()), 1000, { autoInvoke: true });
  return <Text size="sm">{activityText({ activity, runs, now })}</Text>;
}
