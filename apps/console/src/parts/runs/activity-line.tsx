import { Text } from '@mantine/core';
import { useInterval } from '@mantine/hooks';
import { useState } from 'react';
import { activityText } from './activity-text.ts';

/** What a running export or sync waits for, with the seconds that are left. */
export function ActivityLine(props: Omit<Parameters<typeof activityText>[0], 'now'>) {
  const [now, setNow] = useState(() => new Date());
  useInterval(() => setNow(new Date()), 1000, { autoInvoke: true });
  return <Text size="sm">{activityText({ ...props, now })}</Text>;
}
