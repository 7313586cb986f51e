import type { AxiosResponse } from 'axios';
import { parseRetryAfter } from './retry-after.ts';

/** How long an answer asks to wait, ms. */
export function retryAfterOf(response: AxiosResponse | undefined): number | undefined {
  return parseRetryAfter({ value: response?.headers['retry-after'], now: new Date() });
}
