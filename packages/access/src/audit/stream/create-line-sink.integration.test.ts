import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import {
  createServer as createTlsServer,
  getCACertificates,
  setDefaultCACertificates,
  Server as TlsServer,
} from 'node:tls';
import type { LogFields, Logger } from '@bulkhead/base';
import { makeSelfSigned } from '@bulkhead/testing';
import { afterEach, expect, test } from '@jest/globals';
import { createLineSink, isLineTarget } from './create-line-sink.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

let logged: { readonly message: string; readonly fields: LogFields | undefined }[] = [];
const note = (message: string, fields?: LogFields) => void logged.push({ message, fields });
const logger: Logger = { debug: note, info: note, warn: note, error: note };
const messages = () => logged.map(({ message }) => message);

function open(target: string, options: Partial<Parameters<typeof createLineSink>[0]> = {}) {
  logged = [];
  const counts = { sent: 0, dropped: 0 };
  const sink = createLineSink({
    target,
    appName: 'bulkhead',
    logger,
    count: (result, lines) => {
      counts[result] += lines;
    },
    backoffMs: { first: 5, longest: 20 },
    ...options,
  });
  closing.push(() => sink.stop());
  const send = (n: number, text = `{"n":${n}}`) =>
    sink.send({ at: new Date('2026-05-01T10:00:00Z'), kind: 'resource.read', isWarning: false, text });
  return { sink, send, counts };
}

/** Parses frames as a server does by RFC 6587: a number, a space, and that number of bytes. */
function readFrames(bytes: Buffer): string[] {
  const frames: string[] = [];
  for (let rest = bytes; rest.length > 0; ) {
    const space = rest.indexOf(' ');
    const end = space + 1 + Number(rest.toString('latin1', 0, space));
    if (space < 0 || rest.length < end) break;
    frames.push(rest.toString('utf8', space + 1, end));
    rest = rest.subarray(end);
  }
  return frames;
}
const numbersIn = (frames: readonly string[]) => frames.map((frame) => Number(/\{"n":(\d+)/.exec(frame)?.[1]));

/** Starts a syslog server. Tests stop it and start another one at the same port. */
async function serve(makeServer: () => Server = createServer, port = 0) {
  const server = makeServer();
  const sockets = new Set<Socket>();
  let bytes = Buffer.alloc(0);
  const take = (socket: Socket) => {
    sockets.add(socket);
    socket
      .on('error', () => undefined)
      .on('data', (chunk: Buffer) => {
        bytes = Buffer.concat([bytes, chunk]);
      });
  };
  server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', take);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const stop = async () => {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  closing.push(stop);
  return { port: (server.address() as AddressInfo).port, frames: () => readFrames(bytes), stop };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

test('lines over TCP arrive in order, each with its number of bytes', async () => {
  const server = await serve();
  const { send, counts } = open(`syslog+tcp://127.0.0.1:${server.port}`);
  for (let n = 0; n < 200; n++) send(n);
  await until(() => server.frames().length === 200);
  expect(numbersIn(server.frames())).toEqual(Array.from({ length: 200 }, (_, n) => n));
  expect(server.frames()[0]).toMatch(/^<85>1 2026-05-01T10:00:00\.000Z \S+ bulkhead \d+ resource\.read - \{"n":0\}$/);
  await until(() => counts.sent === 200);
  expect([counts.dropped, logged]).toEqual([0, []]);
});

test('lines over TLS are sent only to a server whose certificate is trusted', async () => {
  const { cert, key } = makeSelfSigned();
  const server = await serve(() => createTlsServer({ cert, key }));
  const target = `syslog+tls://localhost:${server.port}`;
  const { send } = open(target);
  send(1);
  await until(() => messages().includes('audit stream lost'));
  expect(logged[0]?.fields?.error).toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  const trusted = getCACertificates('default');
  closing.push(() => setDefaultCACertificates(trusted));
  setDefaultCACertificates([...trusted, cert]);
  await until(() => server.frames().length === 1);
  expect(numbersIn(server.frames())).toEqual([1]);
});

test('each line over UDP is one datagram', async () => {
  const server = createSocket('udp4').bind(0, '127.0.0.1');
  closing.push(() => server.close());
  await once(server, 'listening');
  const received: string[] = [];
  server.on('message', (datagram) => received.push(datagram.toString()));
  const { send, counts } = open(`syslog://127.0.0.1:${server.address().port}`);
  for (let n = 0; n < 20; n++) send(n);
  await until(() => received.length === 20);
  expect(numbersIn(received)).toEqual(Array.from({ length: 20 }, (_, n) => n));
  // This line is larger than a datagram can be. It is dropped, and the next one is sent.
  send(20, 'x'.repeat(70_000));
  send(21);
  await until(() => received.length === 21);
  expect(numbersIn(received).at(-1)).toBe(21);
  expect(counts).toEqual({ sent: 21, dropped: 1 });
  expect(messages()).toEqual(['audit lines are being dropped', 'audit lines dropped']);
});

test('lines wait while the server is unavailable and are sent when it is back', async () => {
  const first = await serve();
  const { send, counts } = open(`syslog+tcp://127.0.0.1:${first.port}`);
  send(0);
  await until(() => first.frames().length === 1);
  await first.stop();
  // A line may be written to a connection that is already lost, without an error.
  await until(() => {
    send(1);
    return messages().includes('audit stream lost');
  });
  for (let n = 2; n < 50; n++) send(n);
  const second = await serve(createServer, first.port);
  await until(() => numbersIn(second.frames()).includes(49));
  expect(numbersIn(second.frames()).filter((n) => n > 1)).toEqual(Array.from({ length: 48 }, (_, n) => n + 2));
  expect(messages()).toEqual(['audit stream lost', 'audit stream restored']);
  expect(counts.dropped).toBe(0);
});

test('the newest lines are dropped if the buffer is full, and their number is logged', async () => {
  const first = await serve();
  await first.stop();
  const { send, counts } = open(`syslog+tcp://127.0.0.1:${first.port}`, { maxBufferedBytes: 1000 });
  for (let n = 0; n < 100; n++) send(n);
  expect(counts.dropped).toBeGreaterThan(80);
  await until(() => messages().includes('audit stream lost'));
  const keptCount = 100 - counts.dropped;
  const second = await serve(createServer, first.port);
  await until(() => second.frames().length === keptCount);
  expect(numbersIn(second.frames())).toEqual(Array.from({ length: keptCount }, (_, n) => n));
  await until(() => messages().includes('audit lines dropped'));
  expect(logged).toContainEqual({ message: 'audit lines dropped', fields: { count: counts.dropped } });
  send(100);
  await until(() => second.frames().length === keptCount + 1);
});

test('remaining lines are sent, or counted as dropped, when the process stops', async () => {
  const server = await serve();
  const reachable = open(`syslog+tcp://127.0.0.1:${server.port}`);
  for (let n = 0; n < 10; n++) reachable.send(n);
  await reachable.sink.stop();
  await until(() => server.frames().length === 10);
  await server.stop();
  const unreachable = open(`syslog+tcp://127.0.0.1:${server.port}`);
  unreachable.send(1);
  await unreachable.sink.stop();
  expect(unreachable.counts).toEqual({ sent: 0, dropped: 1 });
});

test('lines to a stream contain only the text and wait for the previous write', async () => {
  const lines: string[] = [];
  const pendingWrites: (() => void)[] = [];
  const stdout = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(String(chunk));
      pendingWrites.push(done);
    },
  });
  const { send } = open('stdout', { stdout });
  send(1);
  send(2);
  await until(() => pendingWrites.length === 1);
  pendingWrites.shift()?.();
  await until(() => pendingWrites.length === 1);
  pendingWrites.shift()?.();
  expect(lines).toEqual(['{"n":1}\n', '{"n":2}\n']);
});

test.each([
  ['stdout', true],
  ['syslog://log.example', true],
  ['syslog://[::1]:514', true],
  ['syslog+tcp://log.example:6601', true],
  ['syslog+tls://log.example', true],
  ['stderr', false],
  ['https://log.example', false],
  ['syslog://', false],
  ['syslog://log.example/path', false],
  ['syslog+tls://user@log.example', false],
  ['', false],
])('isLineTarget("%s") returns %s', (target, isTarget) => {
  expect(isLineTarget(target)).toBe(isTarget);
});
