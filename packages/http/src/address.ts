import type { Request } from 'express';
import type { ProcessState } from './define-endpoint.ts';

/** The absolute address of a request. A client can send any Host. The links are for that client only. */
export function addressOf(request: Request): URL {
  const origin = `${request.protocol}://${request.get('host')}`;
  return new URL(request.originalUrl, URL.canParse(origin) ? origin : 'http://localhost');
}

/** Where clients reach this API. A client can send any `Host`, so links that are made of it are for that client only. */
export function originOf(request: Request, { publicUrl }: Pick<ProcessState, 'publicUrl'>): string {
  return publicUrl ?? addressOf(request).origin;
}
