import { type View, viewOf, viewShapeOf } from '@bulkhead/store';
import { z } from 'zod';
import { type BackendClient, backendClientSchema } from '../backend-client/backend-client.record.ts';

export const backendClientViewSchema = z
  .strictObject(
    viewShapeOf(backendClientSchema, [
      'id',
      'name',
      'scope',
      'connectionIds',
      'jwks',
      'jwksUrl',
      { secrets: ['id', 'createdAt'] },
      'createdAt',
      'revokedAt',
      'lastUsedAt',
    ]),
  )
  .meta({ id: 'BackendClient', description: 'A program that reads by SMART Backend Services.' });

export function toBackendClientView(client: BackendClient): View<typeof backendClientViewSchema> {
  return viewOf(backendClientViewSchema, client);
}
