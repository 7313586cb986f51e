import { endpointGroup } from '../../http/define-endpoint.ts';
import { cancelSync } from './cancel-sync.endpoint.ts';
import { getSync } from './get-sync.endpoint.ts';
import { listSyncEvents } from './list-sync-events.endpoint.ts';
import { listSyncs } from './list-syncs.endpoint.ts';
import { retrySync } from './retry-sync.endpoint.ts';
import { startSync } from './start-sync.endpoint.ts';
import { watchSync } from './watch-sync.endpoint.ts';

export const syncEndpoints = endpointGroup({
  name: 'Enhanced syncs',
  description: 'Crawls by patient and type over the REST API.',
  endpoints: [startSync, listSyncs, getSync, listSyncEvents, watchSync, cancelSync, retrySync],
});
