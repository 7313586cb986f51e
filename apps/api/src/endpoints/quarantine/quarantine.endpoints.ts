import { endpointGroup } from '../../http/endpoint-group.ts';
import { getQuarantinedLine } from './get-quarantined-line.endpoint.ts';
import { listQuarantinedLines } from './list-quarantined-lines.endpoint.ts';
import { readQuarantinedLine } from './read-quarantined-line.endpoint.ts';
import { replayQuarantinedLine } from './replay-quarantined-line.endpoint.ts';
import { replayQuarantinedLines } from './replay-quarantined-lines.endpoint.ts';

export const quarantineEndpoints = endpointGroup({
  name: 'Quarantine',
  description: 'Lines of files, and entries of searches, that could not be stored.',
  endpoints: [
    listQuarantinedLines,
    replayQuarantinedLines,
    getQuarantinedLine,
    readQuarantinedLine,
    replayQuarantinedLine,
  ],
});
