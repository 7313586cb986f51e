import { present } from '@bulkhead/base';
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

export function toBackendClientView({ secrets, ...client }: BackendClient): View<typeof backendClientViewSchema> {
  const shown = secrets?.map(({ id, createdAt }) => ({ id, createdAt: createdAt.toISOString() }));
  return viewOf(backendClientViewSchema, { ...client, ...present({ secrets: shown }) });
}
