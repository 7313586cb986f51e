import type { paths } from '@bulkhead/client';

type ClientRequest = paths['/api/ehr/clients']['post']['requestBody']['content']['application/json'];
type Jwks = NonNullable<ClientRequest['jwks']>;

export type ClientForm = typeof emptyClientForm;

export const emptyClientForm = {
  name: '',
  scope: 'system/*.read',
  /** Empty for all connections, including new ones. */
  connectionIds: [] as readonly string[],
  keysFrom: 'url' as 'url' | 'text' | 'none',
  jwksUrl: '',
  /** A JSON Web Key Set. */
  jwks: '',
};

export const keySources = [
  { value: 'url', label: 'published by the client at a URL, where it can change them' },
  { value: 'text', label: 'pasted here' },
  { value: 'none', label: 'missing: the client can only send a secret, which is less safe' },
];

/** What is missing or wrong, by field. The API checks the scopes and the keys. */
export function faultsOf({ name, scope, keysFrom, jwksUrl, jwks }: ClientForm) {
  return {
    ...(name.trim() ? {} : { name: 'Enter which program it is.' }),
    ...(scope.trim() ? {} : { scope: 'Enter scopes, such as system/*.read.' }),
    ...(keysFrom === 'url' && !URL.canParse(jwksUrl.trim()) ? { jwksUrl: 'Enter a URL, https://…' } : {}),
    ...(keysFrom === 'text' && parseJwks(jwks) === undefined
      ? { jwks: 'Enter a JSON Web Key Set, which is {"keys": […]}.' }
      : {}),
  };
}

export function toClientRequest({ name, scope, connectionIds, keysFrom, jwksUrl, jwks }: ClientForm): ClientRequest {
  const keys = {
    url: () => ({ jwksUrl: jwksUrl.trim() }),
    text: () => ({ jwks: parseJwks(jwks) as Jwks }),
    none: () => ({ usesSecret: true }),
  };
  return {
    name: name.trim(),
    scope: scope.trim(),
    ...(connectionIds.length === 0 ? {} : { connectionIds: [...connectionIds] }),
    ...keys[keysFrom](),
  };
}

/** @returns undefined if the text is not a JSON Web Key Set */
function parseJwks(text: string): Jwks | undefined {
  try {
    const jwks = JSON.parse(text) as Partial<Jwks> | null;
    return Array.isArray(jwks?.keys) ? (jwks as Jwks) : undefined;
  } catch {
    return undefined;
  }
}
