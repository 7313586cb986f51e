import { ApiError } from '@bulkhead/client';
import { modals } from '@mantine/modals';
import { notifications } from '@mantine/notifications';
import type { ReactNode } from 'react';

/** Asks before an action that cannot be undone. */
export function confirm(options: {
  readonly title: string;
  readonly children: ReactNode;
  readonly action: string;
  readonly onConfirm: () => void;
}): void {
  const { action, ...rest } = options;
  modals.openConfirmModal({ ...rest, labels: { confirm: action, cancel: 'Go back' }, confirmProps: { color: 'red' } });
}

/** Shows the result of an action in a corner of the page. */
export const notify = {
  done: (message: string): void => void notifications.show({ message, color: 'green' }),
  failed: (error: unknown): void => {
    const [title, message] =
      error instanceof ApiError ? [error.code, error.message] : ['Something went wrong', `${error}`];
    // An error says what to do, so it stays until the user closes it.
    notifications.show({ title, message, color: 'red', autoClose: false });
  },
};
