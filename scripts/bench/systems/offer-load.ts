import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

export interface Load {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly url: string;
  /** Returns the body of the next request. */
  readonly body?: () => string;
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
      send(load, agent).then((status) => {
        statuses.add(status);
        return performance.now() - dueAt;
      }),
    );
  }
  const waitsMs = await Promise.all(sending);
  agent.destroy();
  return { waitsMs, statuses };
}

/** Keeps so many connections busy: each one sends a request as soon as its last one is answered. */
export async function keepBusy(load: Omit<Load, 'perSecond'> & { readonly connections: number }) {
  const agent = new Agent({ keepAlive: true, maxSockets: load.connections });
  const endsAt = performance.now() + load.seconds * 1000;
  const statuses = new Set<number>();
  const waitsMs: number[] = [];
  const connection = async () => {
    for (let sentAt = performance.now(); sentAt < endsAt; sentAt = performance.now()) {
      statuses.add(await send(load, agent));
      waitsMs.push(performance.now() - sentAt);
    }
  };
  await Promise.all(Array.from({ length: load.connections }, connection));
  agent.destroy();
  return { waitsMs, statuses };
}

function send({ url, method, headers, body }: Omit<Load, 'perSecond' | 'seconds'>, agent: Agent) {
  return new Promise<number>((resolve, reject) => {
    const clientRequest = request(url, { method, headers, agent }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0));
    });
    clientRequest.once('error', reject).end(body?.());
  });
}
