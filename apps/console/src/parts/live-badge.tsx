import { Badge } from '@mantine/core';
import type { StreamState } from '../api/use-event-stream.ts';

const looks = {
  connecting: { color: 'gray', text: 'connecting' },
  live: { color: 'green', text: 'live' },
  lost: { color: 'yellow', text: 'connecting again' },
} as const;

/** Whether what is shown follows what happens. */
export function LiveBadge({ state }: { readonly state: StreamState }) {
  if (state === 'ended') return null;
  const { color, text } = looks[state];
  return (
    <Badge color={color} variant="dot" tt="none" role="status">
      {text}
    </Badge>
  );
}
