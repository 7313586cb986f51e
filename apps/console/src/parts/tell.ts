import { ApiError } from '@bulkhead/client';
import { notifications } from '@mantine/notifications';

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
