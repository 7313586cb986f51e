import { waitFor } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { DownloadSlots } from './download-slots.ts';

const never = new AbortController().signal;

const neverSlow = { slowMs: 60_000, slowBytes: 0 };
const client = { readBytes: () => undefined, end: () => undefined };

/** Starts downloads that the test ends. */
function createDownloads(slots: DownloadSlots) {
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  return {
    started,
    start(name: string, options: { readonly keyId: string } & Partial<Parameters<DownloadSlots['run']>[0]>) {
      const end = Promise.withResolvers<void>();
      ends.set(name, end.resolve);
      const download = () => {
        started.push(name);
        return end.promise;
      };
      return slots.run({ ...client, signal: never, end: end.resolve, ...options, download });
    },
    end: (name: string) => ends.get(name)?.(),
  };
}

test('downloads above the limit of a key wait, and those of other keys do not wait for them', async () => {
  const slots = new DownloadSlots({ perKey: 1, perProcess: 2, waitMs: 60_000, ...neverSlow });
  const downloads = createDownloads(slots);
  const first = downloads.start('first', { keyId: 'a' });
  const second = downloads.start('second', { keyId: 'a' });
  void downloads.start('other', { keyId: 'b' });
  expect(downloads.started).toEqual(['first', 'other']);
  downloads.end('first');
  await first;
  downloads.end('second');
  await second;
  expect(downloads.started).toEqual(['first', 'other', 'second']);
});

test('downloads above the limit of the process wait in their order', async () => {
  const slots = new DownloadSlots({ perKey: 2, perProcess: 1, waitMs: 60_000, ...neverSlow });
  const downloads = createDownloads(slots);
  const running = ['a', 'b', 'c'].map((keyId) => downloads.start(keyId, { keyId }));
  for (const name of ['a', 'b', 'c']) downloads.end(name);
  await Promise.all(running);
  expect(downloads.started).toEqual(['a', 'b', 'c']);
});

test('a download that gets no turn in time is refused, and so is one whose client has left', async () => {
  const slots = new DownloadSlots({ perKey: 1, perProcess: 1, waitMs: 0, ...neverSlow });
  const downloads = createDownloads(slots);
  const running = downloads.start('running', { keyId: 'a' });
  await expect(downloads.start('late', { keyId: 'b' })).rejects.toMatchObject({ code: 'too-many-requests' });
  const leave = new AbortController();
  const patient = new DownloadSlots({ perKey: 1, perProcess: 1, waitMs: 60_000, ...neverSlow });
  const others = createDownloads(patient);
  void others.start('running', { keyId: 'a' });
  const left = others.start('left', { keyId: 'b', signal: leave.signal });
  leave.abort();
  await expect(left).rejects.toMatchObject({ code: 'too-many-requests' });
  downloads.end('running');
  await running;
  const next = downloads.start('next', { keyId: 'b' });
  downloads.end('next');
  await next;
  expect(downloads.started).toEqual(['running', 'next']);
});

test('a download that fails gives its turn to the next', async () => {
  const slots = new DownloadSlots({ perKey: 1, perProcess: 1, waitMs: 60_000, ...neverSlow });
  const failed = slots.run({
    ...client,
    keyId: 'a',
    signal: never,
    download: () => Promise.reject(new Error('failed')),
  });
  const next = slots.run({ ...client, keyId: 'a', signal: never, download: async () => undefined });
  await expect(failed).rejects.toThrow('failed');
  await next;
});

test('the next download is one of the key that has the fewest', async () => {
  const slots = new DownloadSlots({ perKey: 2, perProcess: 3, waitMs: 60_000, ...neverSlow });
  const downloads = createDownloads(slots);
  const running = ['a1', 'a2', 'b1'].map((name) => downloads.start(name, { keyId: name.slice(0, 1) }));
  const waiting = ['b2', 'c1'].map((name) => downloads.start(name, { keyId: name.slice(0, 1) }));
  downloads.end('a1');
  await running[0];
  await waitFor(() => downloads.started.length === 4);
  expect(downloads.started).toEqual(['a1', 'a2', 'b1', 'c1']);
  for (const name of ['a2', 'b1', 'c1', 'b2']) downloads.end(name);
  await Promise.all([...running, ...waiting]);
});

test('a download whose client hardly reads loses its turn while another one waits, and no other download does', async () => {
  const slots = new DownloadSlots({ perKey: 2, perProcess: 3, waitMs: 60_000, slowMs: 20, slowBytes: 100 });
  const downloads = createDownloads(slots);
  let bytes = 0;
  const ended: string[] = [];
  const start = (name: string, readBytes: () => number | undefined) =>
    downloads.start(name, { keyId: name, readBytes }).then(() => void ended.push(name));
  void start('slow', () => 5);
  void start('quick', () => (bytes += 1000));
  void start('waits for the server', () => undefined);
  await new Promise((resolve) => setTimeout(resolve, 200));
  // No other download waits.
  expect(ended).toEqual([]);
  const next = downloads.start('next', { keyId: 'other' });
  await waitFor(() => downloads.started.includes('next'));
  expect(ended).toEqual(['slow']);
  downloads.end('next');
  await next;
});
