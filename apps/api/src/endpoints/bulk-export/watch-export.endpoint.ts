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
  summary: 'Stream the status and the files of a bulk export as they change',
  description:
    'Read the list of files once, again when `counts.files` grows, and again after `end`. The stream reports only files that change.',
  responses: eventStreamResponse({
    export: 'an `Export` without `outputUrls`. Its counts may be a few seconds old if the export has many files',
    files: 'an array of at most 500 `OutputFile`: active files, and files that have ended since the last event',
    end: 'an empty object. The export has ended',
  }),
  errors: ['unknown-export'],
  handler({ params: { provider, jobId: id }, caller: { scope, view }, services, audit, streamEvents }) {
    const readNext = services.bulkExports.watch({ provider, id, scope });
    return streamEvents(async () => {
      const { record, issues, files } = await readNext();
      audit.addTarget({ connectionId: record.connectionId });
      if (files.length > 0) audit.isShown = true;
      const status = { name: 'export', data: toStatusView({ record, issues, ...view }) };
      const changed = files.length > 0 ? [{ name: 'files', data: files.map((file) => toFileView(file, view)) }] : [];
      return { events: [status, ...changed], isOver: isTerminal(record.phase) };
    });
  },
});
