import { isDeepStrictEqual } from 'node:util';
import { parseExact } from '@bulkhead/fhir';
import { createSimulatorControl } from '@bulkhead/testing';
import type { ResourceStore } from '../resource.feature.ts';

/** Compares the stored resources of each type with what the simulator serves, numbers by their texts. */
export async function compareWithSimulator(options: {
  readonly simulator: { readonly baseUrl: string };
  readonly store: Pick<ResourceStore, 'resourceSearch'>;
  readonly connectionId: string;
}) {
  const { simulator, store, connectionId } = options;
  const control = createSimulatorControl(simulator);
  const differences: string[] = [];
  let compared = 0;
  for (const resourceType of Object.keys(await control.types())) {
    const resources = (await control.lines(resourceType)).map(parseExact) as { id: string }[];
    const served = new Map(resources.map((resource) => [resource.id, resource]));
    for await (const resource of store.resourceSearch.stream({ connectionId, resourceType })) {
      const { id } = resource as { id: string };
      const expected = served.get(id);
      if (expected === undefined) differences.push(`${resourceType}/${id} is stored but not served`);
      else if (!isDeepStrictEqual(expected, resource)) differences.push(`${resourceType}/${id} differs`);
      served.delete(id);
      compared += 1;
    }
    for (const id of served.keys()) differences.push(`${resourceType}/${id} is served but not stored`);
  }
  return { compared, differences };
}
