import { quarantineQuerySchema, toQuarantineView } from '@bulkhead/quarantine/commands';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { page } from '../common.schema.ts';
import { quarantinedLineExample, quarantinedLineSchema } from './quarantine.schema.ts';

export const listQuarantinedLines = defineEndpoint({
  id: 'listQuarantinedLines',
  method: 'get',
  path: '/api/ehr/quarantine',
  action: 'quarantine.list',
  access: 'client',
  // Where a line was and why it was rejected, but nothing of what it holds.
  audited: false,
  summary: 'Lines and entries in the quarantine, with the reason',
  request: { query: quarantineQuerySchema, readBody: 'never' },
  responses: {
    200: { description: 'Lines', schema: page(quarantinedLineSchema), example: [quarantinedLineExample] },
  },
  errors: [],
  async handler({ query, caller: { scope }, services }) {
    const { entries, next } = await services.quarantine.list({ query, scope });
    return { data: entries.map(toQuarantineView), next };
  },
});
