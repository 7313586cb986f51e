import { scopeFault } from '@bulkhead/fhir';
import { OAuthError } from './check-client.ts';

/**
 * The scopes that a client gets without a user (SMART App Launch 2.2, "Backend Services"): those that are valid, without rights to write,
 * because this server only reads.
 * @throws OAuthError `invalid_scope` if nothing is left
 */
export function systemScope(requested = ''): string {
  const granted = requested
    .trim()
    .split(/\s+/)
    .filter((scope) => scope !== '' && scopeFault({ scope, withUser: false }) === undefined)
    .flatMap((scope) => readingPart(scope) ?? []);
  if (granted.length > 0) return [...new Set(granted)].join(' ');
  throw new OAuthError({
    code: 'invalid_scope',
    text: 'One or more scopes for reading, such as system/*.read, are required.',
  });
}

function readingPart(scope: string): string | undefined {
  // A scope of another form, such as a URI, is for the server to know, and this one knows none.
  const [, target, access = '', query = ''] = /^(system\/[^.]+)\.([^?]+)(\?.*)?$/.exec(scope) ?? [];
  if (target === undefined || access === 'write') return undefined;
  if (access === 'read' || access === '*') return `${target}.read`;
  const rights = access.replace(/[cud]/g, '');
  return rights === '' ? undefined : `${target}.${rights}${query}`;
}
