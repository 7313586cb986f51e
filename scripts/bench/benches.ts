import type { Bench } from './bench.ts';
import { api } from './benches/api.bench.ts';
import { crawl } from './benches/crawl.bench.ts';
import { fairTurns } from './benches/fair-turns.bench.ts';
import { ingestParse } from './benches/ingest-parse.bench.ts';
import { ingestStore } from './benches/ingest-store.bench.ts';
import { limiter } from './benches/limiter.bench.ts';
import { memory } from './benches/memory.bench.ts';
import { night } from './benches/night.bench.ts';
import { parallel } from './benches/parallel.bench.ts';
import { polling } from './benches/polling.bench.ts';
import { read } from './benches/read.bench.ts';
import { reingest } from './benches/reingest.bench.ts';
import { tinyFiles } from './benches/tiny-files.bench.ts';

/** All benches in the order of their execution. */
export const benches: readonly Bench[] = [
  ingestParse,
  ingestStore,
  reingest,
  tinyFiles,
  fairTurns,
  parallel,
  limiter,
  polling,
  night,
  api,
  crawl,
  read,
  memory,
];
