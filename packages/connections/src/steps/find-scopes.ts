/*
 * An authorization server such as Okta, which athenahealth uses, issues no token if the application lacks one of the requested scopes, and does
 * not say which. So each scope is requested by itself, and the connection then requests those that are granted.
 *
 *   the token is refused -> Patient alone -> refused: Patient of the other version -> granted: the version is wrong, and nothing else is tried
 *                                 └─ granted, or refused too -> each of the others -> the connection requests what is granted
 *
 * The EHR limits new tokens (athenahealth: 5 a minute in preview, 50 in production), so this takes minutes. Each result is stored at once: a test
 * that is interrupted continues where it was.
 */

import { AppError } from '@bulkhead/base';
import type { EhrClient } from '@bulkhead/ehr';
import { requestedScope } from '@bulkhead/ehr/providers';
import { scopeVersions, scopeVersionsOf, systemScopes } from '@bulkhead/fhir';
import type { Connection, ScopeSearch } from '../connection.record.ts';

/** Keeps what was found. Nothing is kept of a connection that is not saved. */
export interface ScopeSearchKeeper {
  readonly begin: (requested: readonly string[]) => Promise<ScopeSearch>;
  readonly note: (found: { readonly scope: string; readonly isGranted: boolean }) => Promise<void>;
  /**
   * @param scope what the connection requests from now on. Undefined: what it did
   * @returns the connection afterwards
   */
  readonly end: (scope: string | undefined) => Promise<Connection>;
}

/** The codes of RFC 6749 for a scope that is not granted. Okta has `access_denied` and "Policy evaluation failed". */
const refusals: ReadonlySet<string> = new Set(['access_denied', 'invalid_scope']);

/** Whether the token may have been refused for one of several scopes. */
export function mayLackScope(connection: Connection, error: AppError): boolean {
  const { method } = connection.auth;
  const actsAlone = method === 'client_credentials' || method === 'private_key_jwt';
  return actsAlone && isScopeRefusal(error) && scopesOf(connection).length > 1;
}

function isScopeRefusal(error: unknown): error is AppError {
  return error instanceof AppError && error.code === 'token-refused' && refusals.has(String(error.context.reason));
}

function scopesOf(connection: Connection): string[] {
  return requestedScope(connection).split(' ').filter(Boolean);
}

type FoundScopes =
  | { readonly kind: 'granted'; readonly scope: string; readonly text: string }
  | { readonly kind: 'none' | 'other-version' | 'together'; readonly text: string };

interface ScopeSearching {
  readonly ehr: EhrClient;
  readonly connection: Connection;
  readonly keeper: ScopeSearchKeeper;
  readonly signal: AbortSignal;
}

/**
 * Finds which of the scopes the EHR grants. The connection then requests these.
 * @throws AppError of a token endpoint that is down, or refuses the client itself
 */
export async function findScopes(options: ScopeSearching): Promise<FoundScopes & { readonly connection: Connection }> {
  const found = await tryScopes(options);
  return { ...found, connection: await options.keeper.end(found.kind === 'granted' ? found.scope : undefined) };
}

async function tryScopes(options: ScopeSearching): Promise<FoundScopes> {
  const { ehr, connection, keeper, signal } = options;
  const isGranted = async (scope: string): Promise<boolean> => {
    try {
      await ehr.session({ ...connection, exportScope: scope }).replaceToken(signal);
      return true;
    } catch (error) {
      if (isScopeRefusal(error)) return false;
      throw error;
    }
  };
  const requested = scopesOf(connection);
  const search = await keeper.begin(requested);
  const granted = new Set(search.granted);
  const tried = new Set([...search.granted, ...search.refused]);
  const ofPatient = requested.find((scope) => scope.startsWith('system/Patient.')) ?? requested[0] ?? '';
  for (const scope of new Set([ofPatient, ...requested])) {
    if (!tried.has(scope)) {
      const found = { scope, isGranted: await isGranted(scope) };
      await keeper.note(found);
      if (found.isGranted) granted.add(scope);
    }
    const other = scope === ofPatient && !granted.has(scope) ? otherVersion(scope) : undefined;
    if (other === undefined || !(await isGranted(other.scope))) continue;
    const text = `The application is registered for scopes of ${other.version}: the EHR grants ${other.scope} and refuses ${scope}. Replace the credentials of the connection with this version (\`scopeVersion\`, or \`--scopes ${other.version}\` of the command).`;
    return { kind: 'other-version', text };
  }
  const scopes = requested.filter((scope) => granted.has(scope));
  if (scopes.length === 0) {
    const text = `This application may have none of the ${requested.length} scopes that were requested. A new application has none until you add them at the EHR (at athenahealth on its Scopes tab, under FHIR R4 SMART V2). Add them, then test the connection again.`;
    return { kind: 'none', text };
  }
  if (scopes.length === requested.length) {
    const text = `The EHR grants each of the ${requested.length} scopes by itself, and refuses all of them together. Set fewer scopes in the credentials of the connection, or ask the EHR's support.`;
    return { kind: 'together', text };
  }
  const scope = scopes.join(' ');
  const text = `This application may have ${scopes.length} of the ${requested.length} scopes that were requested. The connection now requests these: ${scope}. To import more, add scopes at the EHR and replace the credentials of the connection.`;
  return { kind: 'granted', scope, text };
}

/** The same right in the other version of SMART scopes. */
function otherVersion(scope: string) {
  const [version] = scopeVersionsOf(scope);
  const type = /^system\/([A-Za-z]+)\./.exec(scope)?.[1];
  const other = scopeVersions.find((one) => one !== version);
  if (version === undefined || type === undefined || other === undefined) return undefined;
  return { version: other, scope: systemScopes({ version: other, types: [type] }) };
}
