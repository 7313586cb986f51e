import { ApiError } from '@bulkhead/client';
import { modals } from '@mantine/modals';
import { notifications } from '@mantine/notifications';
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

/** What an action has come to, in a corner of the page. */
export const tell = {
  done: (message: string): void => void notifications.show({ message, color: 'green' }),
  failed: (error: unknown): void => {
    const [title, message] =
      error instanceof ApiError ? [error.code, error.message] : ['Something went wrong', `${error}`];
    // It says what to do: it stays until it was read.
    notifications.show({ title, message, color: 'red', autoClose: false });
  },
};
