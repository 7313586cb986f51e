import { AppError } from '@bulkhead/domain';
import { isResourceType } from '@bulkhead/fhir';
import type { Store } from '@bulkhead/store';
import type { ConnectionService } from './connection.service.ts';

export interface WhichResources {
  readonly provider: string;
  readonly connectionId: string;
  readonly resourceType: string;
}

export type ResourceService = ReturnType<typeof createResourceService>;

/** Reads back what is stored, every number as the server wrote it. */
export function createResourceService(options: { readonly store: Store; readonly connections: ConnectionService }) {
  const { store, connections } = options;

  const check = async ({ provider, connectionId, resourceType }: WhichResources): Promise<void> => {
    await connections.find({ provider, id: connectionId });
    // A collection is named after the type, so a name that is no type must never get there.
    if (!isResourceType(resourceType)) throw unknownResource();
  };

  return {
    /** @returns the resource as JSON text. @throws AppError `unknown-resource`, `resource-deleted` */
    async read({ resourceId, ...which }: WhichResources & { readonly resourceId: string }): Promise<string> {
      await check(which);
      const found = await store.resources.read({ ...which, resourceId });
      if (!found) throw unknownResource();
      if (found.deleted) throw resourceDeleted();
      return JSON.stringify(found.resource);
    },

    /** Every current resource of a type, a line each. Memory stays flat. */
    async stream(which: WhichResources): Promise<AsyncIterable<string>> {
      await check(which);
      return lines(store.resources.stream(which));
    },
  };
}

async function* lines(resources: AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const resource of resources) yield `${JSON.stringify(resource)}\n`;
}

function unknownResource(): AppError {
  return new AppError({
    code: 'unknown-resource',
    message: 'There is no such resource stored for this connection. Verify the type and the id.',
    retry: 'never',
  });
}

/** https://hl7.org/fhir/R4/http.html#read: 410 for a resource that is known to be deleted. */
function resourceDeleted(): AppError {
  return new AppError({
    code: 'resource-deleted',
    message: 'The resource was deleted at the EHR.',
    retry: 'never',
  });
}
