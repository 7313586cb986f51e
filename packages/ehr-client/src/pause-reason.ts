import { STATUS_CODES } from 'node:http';

/** What an EHR has said by its status, in our words: theirs could hold anything. */
export function pauseReason(status: number): string {
  return `${status} ${STATUS_CODES[status] ?? ''}`.trim();
}
