import { Badge, type MantineColor } from '@mantine/core';

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

/** The word says it; the color only helps to find it. */
export function StatusBadge({ status }: { readonly status: string }) {
  return (
    <Badge color={colors[status] ?? 'gray'} variant="dot" tt="none">
      {status.replaceAll('_', ' ').toLowerCase()}
    </Badge>
  );
}
