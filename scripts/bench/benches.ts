import type { Bench } from './bench.ts';
import { api } from './benches/api.bench.ts';
import { crawl } from './benches/crawl.bench.ts';
import { fairTurns } from './benches/fair-turns.bench.ts';
import { ingestParse } from './benches/ingest-parse.bench.ts';
import { ingestStore } from './benches/ingest-store.bench.ts';
import { limiter } from './benches/limiter.bench.ts';
import { memory } from './benches/memory.bench.ts';
import { night } from './benches/night.bench.ts';
import { peers } from './benches/peers.bench.ts';
import { polling } from './benches/polling.bench.ts';
import { reingest } from './benches/reingest.bench.ts';
import { served } from './benches/served.bench.ts';
import { tables } from './benches/tables.bench.ts';
import { wall } from './benches/wall.bench.ts';

/** All benches in the order of their execution. */
export const benches: readonly Bench[] = [
  ingestParse,
  ingestStore,
  reingest,
  fairTurns,
  limiter,
  polling,
  night,
  api,
  crawl,
  memory,
  tables,
  served,
  wall,
  peers,
];
