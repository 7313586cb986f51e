import type { AxiosResponse } from 'axios';

/** Whether the request waited for a connection of its own, see `Grant.settle`. */
export function madeConnection({ request }: AxiosResponse): boolean {
  return request?.reusedSocket === false;
}
