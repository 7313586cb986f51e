import { deleteConnectionQuerySchema, erasePatientQuerySchema, erasureListQuerySchema } from '@bulkhead/service';
import { z } from 'zod';
import { page, success } from '../../endpoints/common.schema.ts';
import type { OperationGroup } from '../operation.ts';
import { amountsSchema, erasureSchema, retentionSchema } from '../schemas/erasure.schema.ts';
import { amountsExample, erasureExample, retentionExample } from './examples.ts';

const path = '/api/ehr/connections/:id';

export const erasureOperations: OperationGroup = {
  name: 'Erasure',
  description: 'How much is stored of a connection or a patient, and its deletion.',
  operations: [
    {
      method: 'get',
      path: `${path}/data`,
      id: 'countConnectionData',
      summary: 'How much is stored of a connection, also of one that was deleted and left its data',
      access: 'operator',
      answers: { 200: { description: 'Amounts', schema: success(amountsSchema), example: amountsExample } },
      errors: ['unknown-connection'],
    },
    {
      method: 'delete',
      path,
      id: 'deleteConnection',
      summary: 'Remove a connection and its schedules. What it stored stays, or is purged too.',
      description:
        'With `data=purge` workers delete everything that is stored of the connection; exports and syncs that are running are cancelled. Ask for the amounts first. It also takes the id of a connection that was deleted before and left its data.',
      access: 'operator',
      query: deleteConnectionQuerySchema,
      answers: {
        202: { description: 'The purge is under way', schema: success(erasureSchema), example: erasureExample },
        204: { description: 'Removed. What it stored stays.' },
      },
      errors: ['unknown-connection', 'connection-in-use'],
    },
    {
      method: 'get',
      path: `${path}/patients/:patientId/data`,
      id: 'countPatientData',
      summary: 'What the erasure of a patient would delete',
      access: 'operator',
      answers: { 200: { description: 'Amounts', schema: success(amountsSchema), example: amountsExample } },
      errors: ['unknown-connection'],
    },
    {
      method: 'delete',
      path: `${path}/patients/:patientId`,
      id: 'erasePatient',
      summary: 'Delete everything that is stored of a patient',
      access: 'operator',
      query: erasePatientQuerySchema,
      answers: {
        202: { description: 'Under way', schema: success(erasureSchema), example: erasureExample },
      },
      errors: ['unknown-connection', 'connection-in-use', 'connection-of-patient'],
    },
    {
      method: 'delete',
      path: `${path}/kept-out-patients/:patientId`,
      id: 'letPatientIn',
      summary: 'Let an erased patient be stored again',
      access: 'operator',
      answers: { 204: { description: 'The patient is not kept out' } },
      errors: ['unknown-connection'],
    },
    {
      method: 'get',
      path: '/api/ehr/erasures',
      id: 'listErasures',
      summary: 'Erasures, newest first',
      access: 'operator',
      query: erasureListQuerySchema,
      answers: { 200: { description: 'Erasures', schema: page(erasureSchema), example: [erasureExample] } },
      errors: [],
    },
    {
      method: 'get',
      path: '/api/ehr/erasures/:id',
      id: 'getErasure',
      summary: 'An erasure, and how far it is',
      access: 'operator',
      answers: { 200: { description: 'Erasure', schema: success(erasureSchema), example: erasureExample } },
      errors: ['unknown-erasure'],
    },
    {
      method: 'get',
      path: '/api/ehr/retention',
      id: 'listRetention',
      summary: 'What was deleted because of its age, by kind of record',
      access: 'operator',
      answers: {
        200: { description: 'Passes', schema: success(z.array(retentionSchema)), example: [retentionExample] },
      },
      errors: [],
    },
  ],
};
