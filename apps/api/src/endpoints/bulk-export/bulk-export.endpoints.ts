import { endpointGroup } from '../../http/define-endpoint.ts';
import { cancelExport } from './cancel-export.endpoint.ts';
import { getExport } from './get-export.endpoint.ts';
import { listExportEvents } from './list-export-events.endpoint.ts';
import { listExports } from './list-exports.endpoint.ts';
import { listOutputFiles } from './list-output-files.endpoint.ts';
import { retryExport } from './retry-export.endpoint.ts';
import { startExport } from './start-export.endpoint.ts';
import { watchExport } from './watch-export.endpoint.ts';
import { watchExports } from './watch-exports.endpoint.ts';

export const bulkExportEndpoints = endpointGroup({
  name: 'Bulk exports',
  description: 'FHIR bulk exports of a whole practice, from the kick-off to the last stored line.',
  endpoints: [
    startExport,
    listExports,
    watchExports,
    getExport,
    watchExport,
    cancelExport,
    retryExport,
    listOutputFiles,
    listExportEvents,
  ],
});
