import { setTimeout as delay } from 'node:timers/promises';
import { waitForHttp } from '../../system/wait-for-http.ts';
import type { Bench } from '../bench.ts';
import { singleRow } from '../compare.ts';
import { quantile } from '../report/median.ts';
import { offerLoad } from '../systems/offer-load.ts';
import { startApi } from '../systems/start-api.ts';
import { newDatabase, startWorkerProbe } from '../systems/start-worker-probe.ts';

/** Nothing is requested from an EHR. */
const origin = 'http://127.0.0.1:9';
const observations = 100;
const readers = 200;
/** Between two reads of a reader, so that the readers alone do not use up two cores. */
const readEveryMs = 2000;
const perSecond = 20;
const secondsOf = { short: 5, usual: 20, full: 60 } as const;
/** Of being frozen, and of being well between two ends. */
const pauseMs = 500;

export const wall: Bench = {
  name: 'wall',
  about: `/health of the API while serve is killed and frozen under ${readers} readers; floor: the same readers, and serve is well`,
  minutes: 2,
  async run(context) {
    const database = newDatabase();
    await using probe = await startWorkerProbe(context, { entry: 'tables', origin, database });
    await probe.measure('fill', observations);
    await using api = await startApi({ context, database, origin });
    const seconds = secondsOf[context.size];
    const health = async () => {
      const { waitsMs, statuses } = await offerLoad({
        method: 'GET',
        headers: {},
        url: `${api.baseUrl}/health`,
        perSecond,
        seconds,
      });
      if ([...statuses].join() !== '200') throw new Error(`/health answered ${[...statuses].join(', ')}.`);
      return quantile(waitsMs, 0.99);
    };
    const ended = new AbortController();
    const url = `${api.baseUrl}/api/ehr/athenahealth/resources/Observation?connectionId=${api.connectionId}`;
    const headers = { ...api.headers, accept: 'application/fhir+ndjson' };
    const read = async () => (await fetch(url, { headers })).text();
    const reading = Array.from({ length: readers }, async () => {
      while (!ended.signal.aborted) {
        // Cut or refused while serve is unavailable.
        await read().catch(() => undefined);
        await delay(readEveryMs);
      }
    });
    context.print('serve is well');
    const floor = await health();
    context.print('serve is killed and frozen');
    const disrupting = disrupt(api, ended.signal);
    const value = await health();
    ended.abort();
    await Promise.all([...reading, disrupting]);
    return [
      singleRow({
        name: `wall, what /health takes longer beside ${readers} readers while serve ends`,
        value: value - floor,
        floor,
        unit: 'ms, p99',
        goal: { of: 'value', atMost: 50 },
      }),
    ];
  },
};

async function disrupt({ serve }: Awaited<ReturnType<typeof startApi>>, signal: AbortSignal): Promise<void> {
  for (let round = 0; !signal.aborted; round++) {
    const isFrozen = round % 2 === 0;
    serve.signal(isFrozen ? 'SIGSTOP' : 'SIGKILL');
    await delay(pauseMs);
    if (isFrozen) serve.signal('SIGCONT');
    await waitForHttp({ url: `${serve.url}/health`, what: 'serve' });
    await delay(pauseMs);
  }
}
