import { expect, test } from '@jest/globals';
import { ApiError } from './client.ts';
import { followEvents } from './events.ts';

const encoder = new TextEncoder();
const end = 'event: end\ndata: {}\n\n';

/**
 * An API whose streams send these chunks, one stream after the other. An Error breaks the connection, and an Error in the place of a stream
 * prevents it.
 */
function openStreams(streams: readonly (Error | readonly (string | Uint8Array | Error)[])[]) {
  const rest = [...streams];
  return async () => {
    const chunks = rest.shift();
    if (chunks === undefined) throw new Error('There is no other stream.');
    if (chunks instanceof Error) throw chunks;
    const pieces = [...chunks];
    const data = new ReadableStream<Uint8Array>({
      pull(controller) {
        const chunk = pieces.shift();
        if (chunk === undefined) controller.close();
        else if (chunk instanceof Error) controller.error(chunk);
        else controller.enqueue(typeof chunk === 'string' ? encoder.encode(chunk) : chunk);
      },
    });
    return { data, response: new Response() };
  };
}

async function follow(streams: Parameters<typeof openStreams>[0], options: { readonly giveUpAfterMs?: number } = {}) {
  const events: unknown[] = [];
  for await (const event of followEvents(openStreams(streams), { reconnectMs: 1, ...options })) events.push(event);
  return events;
}

test('followEvents returns the events until the stream reports its end, and ignores comments', async () => {
  const sent = `retry: 2000\n\n:\n\nevent: export\ndata: {"id":1}\n\n${end}event: export\ndata: {"id":2}\n\n`;
  expect(await follow([[sent]])).toEqual([{ name: 'export', data: { id: 1 } }]);
});

test('followEvents joins an event that was sent in pieces, also within a character', async () => {
  const bytes = encoder.encode(`event: export\ndata: {"name":"é"}\n\n${end}`);
  const pieces = [...bytes].map((byte) => Uint8Array.of(byte));
  expect(await follow([pieces])).toEqual([{ name: 'export', data: { name: 'é' } }]);
});

test.each([
  { what: 'ends without an event', last: [] },
  { what: 'breaks', last: [new TypeError('terminated')] },
])('followEvents opens the stream again if it $what', async ({ last }) => {
  const first = ['event: export\ndata: 1\n\n', ...last];
  expect(await follow([first, [`event: export\ndata: 2\n\n${end}`]])).toEqual([
    { name: 'export', data: 1 },
    { name: 'export', data: 2 },
  ]);
});

/** A stream that reports an error of the API after its first event. */
const failing = (code: string) =>
  `event: export\ndata: 1\n\nevent: problem\ndata: {"code":"${code}","message":"No export has this id."}\n\n`;

test('followEvents opens the stream again if the database of the API was unavailable', async () => {
  expect(await follow([[failing('unavailable')], [`event: export\ndata: 2\n\n${end}`]])).toEqual([
    { name: 'export', data: 1 },
    { name: 'export', data: 2 },
  ]);
});

test('followEvents throws any other problem that a stream reports', async () => {
  await expect(follow([[failing('unknown-export')], [end]])).rejects.toMatchObject({
    code: 'unknown-export',
    message: 'No export has this id.',
  });
});

test('followEvents throws the error of the API if the stream cannot be opened', async () => {
  const error = { error: { code: 'unknown-export', message: 'No export has this id.' } };
  const open = async () => ({ error, response: new Response(null, { status: 404 }) });
  await expect(followEvents(open).next()).rejects.toBeInstanceOf(ApiError);
});

const noAnswer = new ApiError({ status: 0, code: 'no-answer', message: 'The API did not answer.' });
const stopping = new ApiError({ status: 503, code: 'unavailable', message: 'The API cannot accept requests.' });

test('followEvents opens a stream again until the API, which was restarted, answers', async () => {
  const last = `event: export\ndata: 2\n\n${end}`;
  expect(await follow([['event: export\ndata: 1\n\n'], noAnswer, stopping, noAnswer, [last]])).toEqual([
    { name: 'export', data: 1 },
    { name: 'export', data: 2 },
  ]);
});

test('followEvents throws if the API does not answer at the beginning, or no longer', async () => {
  await expect(follow([noAnswer, [end]])).rejects.toBe(noAnswer);
  await expect(follow([[''], noAnswer, [end]], { giveUpAfterMs: 0 })).rejects.toBe(noAnswer);
});

test('followEvents throws if the API refuses to open a stream again', async () => {
  const unknown = new ApiError({ status: 404, code: 'unknown-export', message: 'No export has this id.' });
  await expect(follow([[''], unknown, [end]])).rejects.toBe(unknown);
});
