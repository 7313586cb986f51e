import { setImmediate } from 'node:timers/promises';
import { afterAll, expect, test } from '@jest/globals';
import { formatNames } from '../writers/formats.ts';
import { openTables } from './open-tables.fixture.ts';

const { close, open } = await openTables();
afterAll(close);

/** A view of 60 kB. Each of its rows is a hundred times as large as the view. */
const view = {
  resource: 'Patient',
  constant: [{ name: 'text', valueString: 'x'.repeat(50_000) }],
  select: [
    { forEach: 'name' },
    { column: Array.from({ length: 100 }, (_, index) => ({ name: `c${index}`, path: '%text', type: 'string' })) },
  ],
};
const resources = Array.from({ length: 200 }, (_, index) => ({ resourceType: 'Patient', id: `p${index}`, name: [{}] }));
const operation = { resources, hasHeader: true, checkType: () => undefined };

test.each(formatNames.filter((format) => format !== 'parquet'))(
  'a table of a caller as %s ends at its limit of bytes, which the message has',
  async (format) => {
    const { chunks } = await open({ view, connectionIds: ['conn_1'], format, operation });
    let bytes = 0;
    const read = async () => {
      for await (const chunk of chunks) bytes += chunk.length;
    };
    await expect(read()).rejects.toMatchObject({
      code: 'view-too-costly',
      message: expect.stringMatching(/a table may have 250,000,000 bytes, and 10,000 for each resource/),
    });
    expect(bytes).toBeLessThan(252_000_000);
    expect(bytes).toBeGreaterThan(245_000_000);
  },
);

test('other requests have many turns while a costly table is made', async () => {
  const quantity = { resourceType: 'Observation', id: 'o1', valueQuantity: { value: 72 } };
  const path = Array(280).fill('value.ofType(Quantity).value').join(' * ');
  const products = { resource: 'Observation', select: [{ column: [{ name: 'x', path, type: 'decimal' }] }] };
  const { chunks } = await open({
    view: products,
    connectionIds: ['conn_1'],
    operation: { ...operation, resources: Array(100).fill(quantity) },
  });
  let turns = 0;
  let isRead = false;
  const others = (async () => {
    while (!isRead) {
      turns += 1;
      await setImmediate();
    }
  })();
  for await (const _ of chunks);
  isRead = true;
  await others;
  expect(turns).toBeGreaterThan(20);
});
