import { isTerminal } from '@bulkhead/bulk-export';
import { toFileView, toStatusView } from '@bulkhead/bulk-export/commands';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { eventStreamResponse } from '../common.schema.ts';

export const watchExport = defineEndpoint({
  id: 'watchBulkExport',
  method: 'get',
  path: '/api/ehr/:provider/bulk-export/:jobId/events',
  action: 'export.read',
  access: 'client',
  audited: 'if-shown',
  summary: 'A bulk export and its files, told as they move',
  description:
    'Read the ledger once, and again after `end` and where `counts.files` grows: the stream tells of files that move.',
  responses: eventStreamResponse({
    export: 'an `Export`, without `outputUrls`; its counts are of some seconds ago where the ledger is long',
    files: 'an array of at most 500 `OutputFile`: those under way, and those that have ended since',
    end: 'an empty object: the export has ended',
  }),
  errors: ['unknown-export'],
  handler({ params: { provider, jobId: id }, caller: { scope, view }, services, audit, streamEvents }) {
    const look = services.bulkExports.watch({ provider, id, scope });
    return streamEvents(async () => {
      const { record, issues, files } = await look();
      audit.addTarget({ connectionId: record.connectionId });
      if (files.length > 0) audit.isShown = true;
      const status = { name: 'export', data: toStatusView({ record, issues, ...view }) };
      const moved = files.length > 0 ? [{ name: 'files', data: files.map((file) => toFileView(file, view)) }] : [];
      return { events: [status, ...moved], isOver: isTerminal(record.phase) };
    });
  },
});
