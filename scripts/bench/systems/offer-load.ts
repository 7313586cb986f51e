import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

export interface Load {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  /** Returns the address of the nth request. */
  readonly url: (index: number) => string;
  readonly body?: (index: number) => string;
  readonly perSecond: number;
  readonly seconds: number;
}

/**
 * Sends each request at its time, even if earlier ones are not answered yet, as independent clients do. The returned
 * waits start when each request was due, so that a request that waits counts as slow.
 */
export async function offerLoad(load: Load) {
  const agent = new Agent({ keepAlive: true, maxSockets: 512 });
  const count = load.perSecond * load.seconds;
  const startedAt = performance.now();
  const statuses = new Set<number>();
  const sending: Promise<number>[] = [];
  for (let index = 0; index < count; index++) {
    const dueAt = startedAt + (index / load.perSecond) * 1000;
    const early = dueAt - performance.now();
    if (early > 1) await delay(early);
    sending.push(
      send({ load, index, agent }).then((status) => {
        statuses.add(status);
        return performance.now() - dueAt;
      }),
    );
  }
  const waitsMs = await Promise.all(sending);
  agent.destroy();
  return { waitsMs, statuses };
}

function send({ load, index, agent }: { readonly load: Load; readonly index: number; readonly agent: Agent }) {
  const { method, headers } = load;
  return new Promise<number>((resolve, reject) => {
    const clientRequest = request(load.url(index), { method, headers, agent }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0));
    });
    clientRequest.once('error', reject).end(load.body?.(index));
  });
}
