import type { Practice } from '../practice/practice.ts';
import type { StoredResource } from '../practice/practice-source.ts';

export interface FirstResourcesInput {
  readonly practice: Practice;
  readonly type: string;
  readonly count: number;
}

/** The first resources of a type, as they are now. */
export async function firstResources({ practice, type, count }: FirstResourcesInput): Promise<StoredResource[]> {
  const found: StoredResource[] = [];
  for await (const { resources } of practice.batches({ type, asOf: practice.sequence })) {
    found.push(...resources.slice(0, count - found.length));
    if (found.length >= count) break;
  }
  return found;
}
