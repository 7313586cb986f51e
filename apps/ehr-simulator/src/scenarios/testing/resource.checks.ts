import { expect } from '@jest/globals';
import type { SimulatorClient } from '../../testing/simulator-client.ts';
import { type Check, type Checks, filesOf, lines, manifestOf, ndjson, patientUrl, truth } from './probe.ts';

interface Resource {
  readonly id: string;
  readonly meta: { readonly versionId: string; readonly lastUpdated: string };
}

/** The copies in the last Patient file, each with the original of the practice. */
async function lateCopies(client: SimulatorClient): Promise<(readonly [copy: string, original: string])[]> {
  const files = await filesOf(client);
  expect(files.map(({ count }) => count)).toEqual([8, 3]);
  const [whole = '', late = ''] = await Promise.all(files.map(({ url }) => client.text(url, ndjson)));
  expect(lines(whole)).toEqual(await truth(client));
  expect(await filesOf(client)).toHaveLength(1);
  return lines(late).map((copy, index) => [copy, lines(whole)[index] ?? ''] as const);
}

function olderThan(copy: Resource, original: Resource): boolean {
  return (
    Number(copy.meta.versionId) < Number(original.meta.versionId) && copy.meta.lastUpdated < original.meta.lastUpdated
  );
}

interface DeletionsInput {
  /** The numbers of entries in the readable Bundles. */
  readonly bundles: readonly number[];
  readonly unreadable: number;
  readonly inOutput: boolean;
}

/** Expects four Patients in `deleted` that are no longer in the practice. */
function deletions({ bundles, unreadable, inOutput }: DeletionsInput): Check {
  return async (client) => {
    const before = (await truth(client)).map((line) => JSON.parse(line).id as string);
    const { output, deleted } = await manifestOf(client);
    const received = lines(await client.text(deleted[0].url, ndjson));
    expect([deleted.length, deleted[0].type, deleted[0].count]).toEqual([1, 'Bundle', received.length]);
    const readable = received.slice(unreadable).map((line) => JSON.parse(line));
    expect(readable.map(({ entry }) => entry.length)).toEqual(bundles);
    const urls = readable.flatMap(({ entry }) => entry.map(({ request }: { request: { url: string } }) => request.url));
    expect(urls).toEqual(before.slice(0, 4).map((id) => `Patient/${id}`));
    const keptIds = (await truth(client)).map((line) => JSON.parse(line).id);
    expect(keptIds).toEqual(before.slice(4));
    const exported = lines(await client.text(output[0].url, ndjson)).map((line) => JSON.parse(line).id);
    expect(exported).toEqual(inOutput ? before : keptIds);
  };
}

export const resourceChecks = {
  'duplicate-in-file': async (client) => {
    const [file] = await filesOf(client);
    const received = lines(await client.text(file?.url ?? '', ndjson));
    const expected = await truth(client);
    expect([received, file?.count]).toEqual([expected.toSpliced(2, 0, expected[1] ?? ''), 9]);
  },
  'duplicate-across-files': async (client) => {
    for (const [copy, original] of await lateCopies(client)) expect(copy).toBe(original);
  },
  'older-version-in-later-file': async (client) => {
    for (const [copy, original] of (await lateCopies(client)).map((pair) => pair.map((text) => JSON.parse(text)))) {
      expect([copy.id, olderThan(copy, original), copy.text]).toEqual([original.id, true, undefined]);
      expect(original.text).toBeDefined();
    }
  },
  'subsetted-copy': async (client) => {
    for (const [copy, original] of (await lateCopies(client)).map((pair) => pair.map((text) => JSON.parse(text)))) {
      expect([copy.id, copy.meta.versionId, copy.meta.tag[0].code, copy.name]).toEqual([
        original.id,
        original.meta.versionId,
        'SUBSETTED',
        undefined,
      ]);
    }
  },
  'unversioned-change': async (client) => {
    const before = new Map((await truth(client)).map((line) => [JSON.parse(line).id, JSON.parse(line)]));
    const after = lines(await client.text(await patientUrl(client), ndjson));
    expect(after).toEqual(await truth(client));
    const changed = after.map((line) => JSON.parse(line)).filter(({ language }) => language);
    expect(changed).toHaveLength(1);
    const [{ language: _, ...rest }] = changed;
    expect(rest).toEqual(before.get(rest.id));
  },
  'single-deletions': deletions({ bundles: [1, 1, 1, 1], unreadable: 0, inOutput: false }),
  'bundled-deletions': deletions({ bundles: [4], unreadable: 0, inOutput: false }),
  'unreadable-deletions': deletions({ bundles: [3, 1], unreadable: 5, inOutput: false }),
  'late-deleted-resource': deletions({ bundles: [3, 1], unreadable: 0, inOutput: true }),
  'restricted-patient': async (client) => {
    const patients = lines(await client.text(await patientUrl(client), ndjson)).map((line) => JSON.parse(line));
    expect(patients.filter(({ meta }) => meta.security?.[0].code === 'R').map(({ id }) => id)).toEqual(['restricted']);
  },
} satisfies Checks;
