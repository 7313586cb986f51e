import { expect, test } from '@jest/globals';
import { DownloadSlots } from './download-slots.ts';

const never = new AbortController().signal;

/** Starts downloads that the test ends. */
function createDownloads(slots: DownloadSlots) {
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  return {
    started,
    start(name: string, { keyId, signal = never }: { readonly keyId: string; readonly signal?: AbortSignal }) {
      const end = Promise.withResolvers<void>();
      ends.set(name, end.resolve);
      const download = () => {
        started.push(name);
        return end.promise;
      };
      return slots.run({ keyId, signal, download });
    },
    end: (name: string) => ends.get(name)?.(),
  };
}

test('downloads above the limit of a key wait, and those of other keys do not wait for them', async () => {
  const slots = new DownloadSlots({ perKey: 1, perProcess: 2, waitMs: 60_000 });
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
  const slots = new DownloadSlots({ perKey: 2, perProcess: 1, waitMs: 60_000 });
  const downloads = createDownloads(slots);
  const running = ['a', 'b', 'c'].map((keyId) => downloads.start(keyId, { keyId }));
  for (const name of ['a', 'b', 'c']) downloads.end(name);
  await Promise.all(running);
  expect(downloads.started).toEqual(['a', 'b', 'c']);
});

test('a download that gets no turn in time is refused, and so is one whose client has left', async () => {
  const slots = new DownloadSlots({ perKey: 1, perProcess: 1, waitMs: 0 });
  const downloads = createDownloads(slots);
  const running = downloads.start('running', { keyId: 'a' });
  await expect(downloads.start('late', { keyId: 'b' })).rejects.toMatchObject({ code: 'too-many-requests' });
  const leave = new AbortController();
  const patient = new DownloadSlots({ perKey: 1, perProcess: 1, waitMs: 60_000 });
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
  const slots = new DownloadSlots({ perKey: 1, perProcess: 1, waitMs: 60_000 });
  const failed = slots.run({ keyId: 'a', signal: never, download: () => Promise.reject(new Error('failed')) });
  const next = slots.run({ keyId: 'a', signal: never, download: async () => undefined });
  await expect(failed).rejects.toThrow('failed');
  await next;
});
