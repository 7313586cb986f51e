import { Badge, type MantineColor } from '@mantine/core';
import type { StreamState } from '../api/use-event-stream.ts';

const colors: Readonly<Record<string, MantineColor>> = {
  COMPLETED: 'green',
  PARTIAL: 'yellow',
  FAILED: 'red',
  CANCELLED: 'gray',
  IN_PROGRESS: 'tide',
  running: 'tide',
  completed: 'green',
  delivered: 'green',
  replayed: 'green',
  stored: 'green',
  published: 'tide',
  withheld: 'gray',
  active: 'green',
  ok: 'green',
  success: 'green',
  started: 'tide',
  downloading: 'tide',
  failed: 'red',
  refused: 'red',
  warning: 'yellow',
  open: 'yellow',
  skipped: 'yellow',
  'skipped-overlap': 'yellow',
};

/** The word has the meaning; the colour only helps to find it. */
export function StatusBadge({ status }: { readonly status: string }) {
  return (
    <Badge color={colors[status] ?? 'gray'} variant="dot" tt="none">
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
