import { endpointGroup } from '../../../http/endpoint-group.ts';
import { activateSigningKey } from './activate-signing-key.endpoint.ts';
import { createSigningKey } from './create-signing-key.endpoint.ts';
import { deleteSigningKey } from './delete-signing-key.endpoint.ts';
import { getJwks } from './get-jwks.endpoint.ts';
import { listSigningKeys } from './list-signing-keys.endpoint.ts';
import { retireSigningKey } from './retire-signing-key.endpoint.ts';

export const signingKeyEndpoints = endpointGroup({
  name: 'Signing keys',
  description: 'SMART Backend Services: what client assertions are signed with, and its public half.',
  endpoints: [createSigningKey, listSigningKeys, activateSigningKey, retireSigningKey, deleteSigningKey, getJwks],
});
