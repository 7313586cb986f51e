import { expect } from '@jest/globals';
import type { Check, Checks } from './check.ts';
import { lines, manifestOf, ndjson, truth } from './probe.ts';

interface DeletionsInput {
  /** Entries of the readable Bundles of DELETE requests. */
  readonly bundles: readonly number[];
  readonly unreadable: number;
  readonly inOutput: boolean;
}

/** Four Patients are in `deleted` and not in the practice any more. */
function deletions({ bundles, unreadable, inOutput }: DeletionsInput): Check {
  return async (client) => {
    const before = (await truth(client)).map((line) => JSON.parse(line).id as string);
    const { output, deleted } = await manifestOf(client);
    const found = lines(await client.text(deleted[0].url, ndjson));
    expect([deleted.length, deleted[0].type, deleted[0].count]).toEqual([1, 'Bundle', found.length]);
    const readable = found.slice(unreadable).map((line) => JSON.parse(line));
    expect(readable.map(({ entry }) => entry.length)).toEqual(bundles);
    const urls = readable.flatMap(({ entry }) => entry.map(({ request }: { request: { url: string } }) => request.url));
    expect(urls).toEqual(before.slice(0, 4).map((id) => `Patient/${id}`));
    const kept = (await truth(client)).map((line) => JSON.parse(line).id);
    expect(kept).toEqual(before.slice(4));
    const exported = lines(await client.text(output[0].url, ndjson)).map((line) => JSON.parse(line).id);
    expect(exported).toEqual(inOutput ? before : kept);
  };
}

export const deletionChecks = {
  'single-deletions': deletions({ bundles: [1, 1, 1, 1], unreadable: 0, inOutput: false }),
  'bundled-deletions': deletions({ bundles: [4], unreadable: 0, inOutput: false }),
  'unreadable-deletions': deletions({ bundles: [3, 1], unreadable: 5, inOutput: false }),
  'late-deleted-resource': deletions({ bundles: [3, 1], unreadable: 0, inOutput: true }),
} satisfies Checks;
