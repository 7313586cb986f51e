import { ConnectionReader } from '@bulkhead/connections';
import { DocumentService } from '@bulkhead/documents/commands';
import type { ProviderRegistry } from '@bulkhead/ehr/providers';
import { ResourceService } from '@bulkhead/records/commands';
import { ServedExportService } from '@bulkhead/serving/bulk/commands';
import { TableService } from '@bulkhead/serving/tables/commands';
import { createHttpServices } from './create-http-services.ts';
import type { Store } from './create-store.ts';

export type ServingServices = ReturnType<typeof createServingServices>;

/** Creates what reads stored resources, for the program that answers with them. It enqueues nothing. */
export function createServingServices(options: {
  readonly store: Store;
  readonly registry: ProviderRegistry;
  /** Whether people may log in with an API key. Default: true. */
  readonly hasKeyLogin?: boolean;
}) {
  const { store, registry } = options;
  const connections = new ConnectionReader(options);
  const http = createHttpServices({ ...options, connections });
  const documents = new DocumentService({ store, connections });
  const shownAttachments: DocumentService['shownAttachments'] = (shown) => documents.shownAttachments(shown);
  const resources = new ResourceService({
    store,
    connections: { find: (reference) => connections.findWithNames(reference) },
    checkConnection: http.checkConnection,
    shownAttachments,
  });
  return {
    ...http,
    documents,
    /** The EHR vendors that connections can name. */
    registry,
    resources,
    servedExports: new ServedExportService({ store, resources, shownAttachments }),
    tables: new TableService({ store, resources, shownAttachments }),
  };
}
