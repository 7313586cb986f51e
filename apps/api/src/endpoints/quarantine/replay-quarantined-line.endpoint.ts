import { toQuarantineView } from '@bulkhead/quarantine/commands';
import { raw } from 'express';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { success } from '../common.schema.ts';
import { quarantinedLineExample, quarantinedLineSchema } from './quarantine.schema.ts';

/** An encrypted correction is a third longer than its text and has to fit into a document of 16 MB. */
const maxCorrection = '10mb';

export const replayQuarantinedLine = defineEndpoint({
  id: 'replayQuarantinedLine',
  method: 'post',
  path: '/api/ehr/quarantine/:id/replay',
  action: 'quarantine.replay',
  access: 'operator',
  audited: true,
  summary: 'Store a line again: as it is, or corrected by the body',
  request: {
    body: { contentType: 'application/fhir+json', isOptional: true },
    // Bytes and not JSON: parsing would change the text of numbers.
    readBody: raw({ type: () => true, limit: maxCorrection }),
  },
  responses: {
    200: {
      description: 'What became of it',
      schema: success(quarantinedLineSchema),
      example: quarantinedLineExample,
    },
  },
  errors: ['unknown-line', 'line-truncated'],
  async handler({ params: { id }, caller: { scope }, services, audit, request }) {
    const correction = Buffer.isBuffer(request.body) && request.body.length > 0 ? request.body : undefined;
    const { entry, isChanged } = await services.quarantine.replay({ id, scope, correction });
    audit.addTarget({ connectionId: entry.connectionId });
    audit.setChanged(isChanged);
    return { data: toQuarantineView(entry) };
  },
});
