import { Badge } from '@mantine/core';
import type { StreamState } from '../api/use-event-stream.ts';

/** The states by their colour. All others are grey. */
const states: Readonly<Record<string, readonly string[]>> = {
  green: ['COMPLETED', 'completed', 'delivered', 'replayed', 'stored', 'active', 'ok', 'success'],
  tide: ['IN_PROGRESS', 'running', 'published', 'started', 'downloading'],
  yellow: ['PARTIAL', 'silent', 'warning', 'open', 'paused', 'skipped', 'skipped-overlap', 'being repeated'],
  red: ['FAILED', 'failed', 'refused', 'critical'],
};

/** The word has the meaning; the colour only helps to find it. */
export function StatusBadge({ status }: { readonly status: string }) {
  const color = Object.keys(states).find((name) => states[name]?.includes(status)) ?? 'gray';
  return (
    <Badge color={color} variant="dot" tt="none">
      {status.replaceAll('_', ' ').toLowerCase()}
    </Badge>
  );
}

const appearances = {
  connecting: { color: 'gray', text: 'connecting' },
  live: { color: 'green', text: 'live' },
  lost: { color: 'yellow', text: 'connecting again' },
} as const;

/** Whether the page is live. */
export function LiveBadge({ state }: { readonly state: StreamState }) {
  if (state === 'ended') return null;
  const { color, text } = appearances[state];
  return (
    <Badge color={color} variant="dot" tt="none" role="status">
      {text}
    </Badge>
  );
}
