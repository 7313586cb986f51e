import { ApiError } from '@bulkhead/client';
import { notifications } from '@mantine/notifications';

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
