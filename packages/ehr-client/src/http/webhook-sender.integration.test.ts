import { startLocalServer } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { createWebhookSender } from './webhook-sender.ts';

test('a webhook does not follow a redirect, so that signed data is only sent to the configured URL', async () => {
  const paths: string[] = [];
  const server = await startLocalServer((request, response) => {
    paths.push(request.url ?? '');
    response.writeHead(307, { location: '/elsewhere' }).end();
  });
  const sender = createWebhookSender({ privateNetwork: true });
  try {
    const answer = await sender.send({
      url: `${server.url}/receiver`,
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
    await server.stop();
  }
});
