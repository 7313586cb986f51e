import type { TestSystem } from '../../test-system/start-test-system.ts';
import { type SourceResource, toSourceResource } from './find-data.ts';

/** Returns the data of the simulated athenahealth. */
export async function generatedData({ simulator }: Pick<TestSystem, 'simulator'>): Promise<SourceResource[]> {
  const resources: SourceResource[] = [];
  for (const type of Object.keys(await simulator.types())) {
    // A Binary is a document and not a record. The check of documents creates its own.
    if (type !== 'Binary') resources.push(...(await simulator.lines(type)).map(toSourceResource));
  }
  return resources;
}
