import { ApiError } from '@bulkhead/client';
import { notifications } from '@mantine/notifications';
import { errorText } from './coded-text.ts';

/** An error says what to do, so it stays until the user closes it. */
function showProblem(title: string, message: string): void {
  notifications.show({ title, message, color: 'red', autoClose: false });
}

/** Shows the result of an action in a corner of the page. */
export const notify = {
  done: (message: string): void => void notifications.show({ message, color: 'green' }),
  problem: showProblem,
  failed: (error: unknown): void => {
    const { title, text } =
      error instanceof ApiError ? errorText(error) : { title: 'Something went wrong', text: `${error}` };
    showProblem(title, text);
  },
};
