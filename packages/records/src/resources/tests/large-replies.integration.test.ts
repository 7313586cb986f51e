import type { ByteReservation } from '@bulkhead/base';
import { openTestStore } from '@bulkhead/store/testing';
import { afterAll, expect, jest, test } from '@jest/globals';
import { largeBytes } from '../read/resource-search.repository.ts';
import { resourceFeature } from '../resource.feature.ts';
import { makeDocument } from '../testing/index.ts';

const resourceType = 'Binary';
const selection = { connectionId: 'conn_1', resourceType };
/** Two of them are more than a reply may have. */
const data = 'A'.repeat(9_000_000);
const ids = ['b1', 'b2', 'b3'];

const { store, close } = await openTestStore((context) =>
  resourceFeature.open({ ...context, rawWrites: () => undefined }),
);
for (const id of ids) await store.resourceWriter.write(resourceType, [makeDocument({ resourceType, id, data })]);
afterAll(close);

const { resourceSearch } = store;
const streams = {
  streamNdjson: () => resourceSearch.streamNdjson(selection),
  streamBatches: () => resourceSearch.streamBatches(selection),
};
/** All that the process has for what is large. */
const everything = () => resourceSearch.largeReplies.reserve(2 * largeBytes);

test.each(Object.entries(streams))('%s holds no turn while its client does not read', async (_, open) => {
  const stalled = [open(), open(), open()];
  for (const stream of stalled) expect((await stream.next()).done).toBe(false);
  const turn = everything();
  await turn.take();
  turn.release();
  for (const stream of stalled) await stream.return(undefined);
});

test.each(Object.entries(streams))('%s waits with a large reply while pages have all turns', async (_, open) => {
  const pages = everything();
  await pages.take();
  const reserve = jest.spyOn(resourceSearch.largeReplies, 'reserve');
  const stream = open();
  let isRead = false;
  const first = stream.next().then(() => {
    isRead = true;
  });
  const taking = Promise.withResolvers<void>();
  const turn = reserve.mock.results[0]?.value as ByteReservation;
  const { take } = turn;
  Object.assign(turn, {
    take: () => {
      taking.resolve();
      return take();
    },
  });
  await taking.promise;
  expect(isRead).toBe(false);
  pages.release();
  await first;
  await stream.return(undefined);
  reserve.mockRestore();
});

test.each(Object.entries(streams))('%s sends all resources, and gives back what it has taken', async (_, open) => {
  let bytes = 0;
  for await (const chunk of open()) bytes += JSON.stringify(Array.isArray(chunk) ? chunk : `${chunk}`).length;
  expect(bytes).toBeGreaterThan(ids.length * data.length);
  const turn = everything();
  await turn.take();
  turn.release();
});
