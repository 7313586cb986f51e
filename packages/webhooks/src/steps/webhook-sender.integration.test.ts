import type { ServerResponse } from 'node:http';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { makeSelfSigned, startScriptedServer } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { createWebhookSender } from './webhook-sender.ts';

const callTo = (url: string) => ({
  url,
  secret: `whsec_${Buffer.alloc(24, 'secret').toString('base64')}`,
  id: 'msg_1',
  body: '{}',
  now: new Date(),
  signal: AbortSignal.timeout(10_000),
});

test('a webhook does not follow a redirect, so that signed data is only sent to the configured URL', async () => {
  const server = await startScriptedServer({ '*': { status: 307, headers: { location: '/elsewhere' } } });
  const sender = createWebhookSender({ privateNetwork: true });
  try {
    expect(await sender.send(callTo(`${server.url}/receiver`))).toEqual({ status: 307 });
    expect(server.requests).toMatchObject([{ url: '/receiver' }]);
  } finally {
    sender.close();
    await server.stop();
  }
});

test.each([
  { what: 'plain http', url: 'http://client.example/hook', reason: 'it is not https' },
  { what: 'a private address', url: 'https://10.0.0.1/hook', reason: 'the address belongs to a private network' },
])('the error of a webhook to $what says what to do', async ({ url, reason }) => {
  const sender = createWebhookSender({ privateNetwork: false });
  const whatToDo =
    'Set a public https URL, or with WORKER_WEBHOOK_PRIVATE_NETWORK also an http or private one. Then resend the call.';
  expect(await sender.send(callTo(url))).toEqual({ error: `No call was sent: ${reason}. ${whatToDo}`, isFinal: true });
  sender.close();
});

test('the error of a webhook to a slow receiver says how long it may take', async () => {
  const server = await startScriptedServer(() => undefined);
  const sender = createWebhookSender({ privateNetwork: true, timeoutMs: 100 });
  const answer = await sender.send(callTo(server.url));
  expect(answer).toEqual({ error: 'The receiver did not respond within 0.1 s.', isFinal: false });
  sender.close();
  await server.stop();
});

test.each([
  { what: 'a page of 1 MB', answer: (response: ServerResponse) => response.end(Buffer.alloc(1024 * 1024, 'a')) },
  { what: 'an answer that does not end', answer: (response: ServerResponse) => response.write('a') },
  { what: 'a cut-off answer', answer: (response: ServerResponse) => response.write('a', () => response.destroy()) },
])('a webhook is accepted by its status, even with $what', async ({ answer }) => {
  const server = await startScriptedServer((_request, response) => void answer(response.writeHead(200)));
  const sender = createWebhookSender({ privateNetwork: true, timeoutMs: 500 });
  expect(await sender.send(callTo(server.url))).toEqual({ status: 200 });
  sender.close();
  await server.stop();
});

test('a receiver whose certificate is not trusted gets no call', async () => {
  const certificate = makeSelfSigned();
  const server = await startScriptedServer({ '/': {} }, { tls: certificate });
  const call = callTo(`${server.url}/`);
  const send = async () => {
    const sender = createWebhookSender({ privateNetwork: true });
    try {
      return await sender.send(call);
    } finally {
      sender.close();
    }
  };
  const trusted = getCACertificates('default');
  try {
    expect(await send()).toEqual({
      error: expect.stringMatching(/DEPTH_ZERO_SELF_SIGNED_CERT.*NODE_EXTRA_CA_CERTS/),
      isFinal: false,
    });
    expect(server.requests).toEqual([]);
    setDefaultCACertificates([...trusted, certificate.cert]);
    expect(await send()).toEqual({ status: 200 });
  } finally {
    setDefaultCACertificates(trusted);
    await server.stop();
  }
});
