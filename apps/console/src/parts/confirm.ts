import { modals } from '@mantine/modals';
import type { ReactNode } from 'react';

/** Asks before what cannot be taken back. */
export function confirm(options: {
  readonly title: string;
  readonly children: ReactNode;
  readonly action: string;
  readonly onConfirm: () => void;
}): void {
  const { action, ...rest } = options;
  modals.openConfirmModal({ ...rest, labels: { confirm: action, cancel: 'Go back' }, confirmProps: { color: 'red' } });
}
