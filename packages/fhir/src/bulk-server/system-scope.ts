import { systemScopeFault } from '../index.ts';

/**
 * The scopes that a client gets without a user (SMART App Launch 2.2, "Backend Services"): those that are valid, without rights to write,
 * because the servers of this project only read. Empty if none of the requested scopes allows to read.
 */
export function readableScopes(requested: string): string[] {
  const granted = requested
    .trim()
    .split(/\s+/)
    .filter((scope) => systemScopeFault(scope) === undefined)
    .flatMap((scope) => readingPart(scope) ?? []);
  return [...new Set(granted)];
}

function readingPart(scope: string): string | undefined {
  // A scope of another form, such as a URI, is for the server to know, and this one knows none.
  const [, target, access = '', query = ''] = /^(system\/[^.]+)\.([^?]+)(\?.*)?$/.exec(scope) ?? [];
  if (target === undefined || access === 'write') return undefined;
  if (access === 'read' || access === '*') return `${target}.read`;
  const rights = access.replace(/[cud]/g, '');
  return rights === '' ? undefined : `${target}.${rights}${query}`;
}
