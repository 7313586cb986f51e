import { expect, test } from '@jest/globals';
import { ErasureGate } from './erasure-gate.ts';

function createGate(options: { readonly failures?: number } = {}) {
  const reads = { erasures: 0, lists: 0 };
  let failures = options.failures ?? 0;
  const erasures = {
    async listErasedConnections() {
      reads.erasures += 1;
      if (failures-- > 0) throw new Error('MongoDB is unavailable');
      return [
        { connectionId: 'queued', phase: 'queued' },
        { connectionId: 'done', phase: 'completed' },
      ] as const;
    },
  };
  const keptOut = {
    async listAll() {
      reads.lists += 1;
      return new Map([['with-list', { hasPatient: (id: string) => id === 'p1', hasBinary: () => false }]]);
    },
  };
  const gate = new ErasureGate(erasures, keptOut);
  return { gate, reads };
}

test('the erasure gate reads both lists once for a thousand batches', async () => {
  const { gate, reads } = createGate();
  for (let batch = 0; batch < 1000; batch++) expect(await gate.keptOutOf('without-list')).toBeUndefined();
  expect(reads).toEqual({ erasures: 1, lists: 1 });
});

test('the erasure gate returns the blocked patients of a connection', async () => {
  const list = await createGate().gate.keptOutOf('with-list');
  expect([list?.hasPatient('p1'), list?.hasPatient('p2')]).toEqual([true, false]);
});

test('the erasure gate refuses writes once an erasure is requested, and tokens once the EHR was notified', async () => {
  const { gate } = createGate();
  const refused = { code: 'connection-erased' };
  for (const connectionId of ['queued', 'done']) {
    await expect(gate.check(connectionId)).rejects.toMatchObject(refused);
    await expect(gate.keptOutOf(connectionId)).rejects.toMatchObject(refused);
  }
  await expect(gate.checkToken('queued')).resolves.toBeUndefined();
  await expect(gate.checkToken('done')).rejects.toMatchObject(refused);
});

test('the erasure gate refuses writes if it cannot read the lists, and reads them again for the next write', async () => {
  const { gate, reads } = createGate({ failures: 1 });
  await expect(gate.check('other')).rejects.toThrow('MongoDB is unavailable');
  await expect(gate.check('other')).resolves.toBeUndefined();
  expect(reads.erasures).toBe(2);
});
