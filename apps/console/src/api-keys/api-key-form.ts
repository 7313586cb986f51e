import type { paths } from '@bulkhead/client';

type ApiKeyRequest = paths['/api/ehr/api-keys']['post']['requestBody']['content']['application/json'];

export type ApiKeyForm = typeof emptyApiKeyForm;

export const emptyApiKeyForm = {
  name: '',
  role: 'client' as ApiKeyRequest['role'],
  /** Empty for every connection, including later ones. */
  connectionIds: [] as readonly string[],
  /** Days, or `never`. */
  expiry: '90',
};

export const roles = [
  { value: 'client', label: 'Client: imports and reads the data of its connections' },
  { value: 'operator', label: 'Operator: everything, for every connection' },
];

const expiries = [
  { value: '30', label: 'In 30 days' },
  { value: '90', label: 'In 90 days' },
  { value: '365', label: 'In a year' },
];

/** Every operator's key expires. */
export function expiriesFor(role: ApiKeyForm['role']) {
  return role === 'operator' ? expiries : [...expiries, { value: 'never', label: 'Never' }];
}

/** If the new role does not allow the chosen expiry, the longest allowed one is selected. */
export function withRole(form: ApiKeyForm, role: ApiKeyForm['role']): ApiKeyForm {
  const isPossible = expiriesFor(role).some(({ value }) => value === form.expiry);
  return { ...form, role, ...(isPossible ? {} : { expiry: '365' }) };
}

export function toApiKeyRequest({ name, role, connectionIds, expiry }: ApiKeyForm): ApiKeyRequest {
  return {
    name: name.trim(),
    role,
    // An operator's key is valid for all connections.
    ...(role === 'operator' || connectionIds.length === 0 ? {} : { connectionIds: [...connectionIds] }),
    ...(expiry === 'never' ? {} : { expiresInDays: Number(expiry) }),
  };
}
