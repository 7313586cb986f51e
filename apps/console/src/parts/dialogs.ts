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

/** An error says what to do, so it stays until the user closes it. */
function showProblem(title: string, message: string): void {
  notifications.show({ title, message, color: 'red', autoClose: false });
}

/** Shows the result of an action in a corner of the page. */
export const notify = {
  done: (message: string): void => void notifications.show({ message, color: 'green' }),
  problem: showProblem,
  failed: (error: unknown): void => {
    if (error instanceof ApiError) showProblem(error.code, error.message);
    else showProblem('Something went wrong', `${error}`);
  },
};
