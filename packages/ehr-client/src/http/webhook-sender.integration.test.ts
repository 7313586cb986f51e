import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { createWebhookSender } from './webhook-sender.ts';

test('a webhook does not follow a redirect, so that signed data is only sent to the configured URL', async () => {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url ?? '');
    response.writeHead(307, { location: '/elsewhere' }).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sender = createWebhookSender({ privateNetwork: true });
  try {
    const answer = await sender.send({
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/receiver`,
      secret: `whsec_${Buffer.alloc(24, 'secret').toString('base64')}`,
      id: 'msg_1',
      body: '{}',
      now: new Date(),
      signal: AbortSignal.timeout(10_000),
    });
    expect(answer).toEqual({ status: 307 });
    expect(paths).toEqual(['/receiver']);
  } finally {
    sender.close();
    server.closeAllConnections();
    server.close();
  }
});
