import { matches, type Scenario, type ScenarioOrder } from './scenario.ts';

/** A position inside the second resource of a Patient file, so that some lines are complete and none ends there. */
const afterBytes = 3000;

const match = matches.patients;
/** A compressed Patient file of eight patients has about 4000 bytes. */
const zippedAfterBytes = 1000;

const cutOnce = { match, fault: { kind: 'truncate', afterBytes } };

export const transferScenarios = [
  {
    name: 'lost-connection',
    description: 'The connection is reset inside the Patient file, once; it can be resumed with Range and If-Range.',
    orders: [framed({ as: 'content-length' }), { match, fault: { kind: 'reset', afterBytes } }],
  },
  {
    name: 'refused-connection',
    description: 'The connection is reset before anything of the Patient file comes, twice.',
    orders: [{ match, fault: { kind: 'reset' }, times: 2 }],
  },
  {
    name: 'cut-before-content-length',
    description: 'The Patient file ends before its Content-Length, once.',
    orders: [framed({ as: 'content-length' }), cutOnce],
  },
  {
    name: 'short-content-length',
    description: 'The Patient file is short and its Content-Length agrees, once: only the count tells.',
    orders: [framed({ as: 'content-length' }), { match, fault: { kind: 'truncate', afterBytes, clean: true } }],
  },
  {
    name: 'cut-chunked',
    description: 'The Patient file comes in chunks, and the connection ends without the last one, once.',
    orders: [framed({ as: 'chunked' }), cutOnce],
  },
  {
    name: 'short-chunked',
    description: 'The Patient file comes in chunks and is short, with a last chunk, once: only the count tells.',
    orders: [framed({ as: 'chunked' }), { match, fault: { kind: 'truncate', afterBytes, clean: true } }],
  },
  {
    name: 'cut-gzip',
    description: 'The compressed Patient file ends without a gzip trailer, in whole chunks, once.',
    orders: [{ match, fault: { kind: 'truncate', afterBytes: zippedAfterBytes, clean: true } }],
  },
  {
    name: 'close-delimited',
    description: 'The Patient file is whole, with neither a Content-Length nor chunks: the connection ends with it.',
    orders: [framed({ as: 'close' })],
  },
  {
    name: 'cut-close-delimited',
    description: 'The Patient file has neither a Content-Length nor chunks and is short, once: only the count tells.',
    orders: [framed({ as: 'close' }), cutOnce],
  },
  {
    name: 'cut-close-delimited-gzip',
    description: 'The compressed Patient file has neither a Content-Length nor chunks, and no gzip trailer, once.',
    orders: [framed({ as: 'close', gzip: true }), { match, fault: { kind: 'truncate', afterBytes: zippedAfterBytes } }],
  },
  {
    name: 'stalled-file',
    description: 'The Patient file stops in the middle and the connection stays open, once.',
    orders: [framed({ as: 'content-length' }), { match, fault: { kind: 'stall', afterBytes } }],
  },
  {
    name: 'slow-files',
    description: 'Files come at 50 kB a second.',
    orders: [{ match: matches.files, fault: { kind: 'slow', bytesPerSecond: 50_000 }, times: 'always' }],
  },
  {
    name: 'split-characters',
    description: 'The Patient file comes seven bytes at a time, so that characters are split.',
    orders: [framed({ as: 'chunked' }), { match, fault: { kind: 'small-chunks', bytes: 7 }, times: 'always' }],
  },
  {
    name: 'failing-files',
    description: 'Files are answered 503 and 429 with Retry-After 1, once each, before they come.',
    orders: [
      { match: matches.files, fault: { kind: 'status', status: 503, body: '' } },
      { match: matches.files, fault: { kind: 'status', status: 429, retryAfter: '1' }, after: 1 },
    ],
  },
  {
    name: 'range-ignored',
    description: 'The Patient file is cut once, and a Range is answered 200 with the whole.',
    orders: [framed({ as: 'content-length' }), cutOnce, { match, fault: { kind: 'ignore-range' }, times: 'always' }],
  },
  {
    name: 'changed-file',
    description:
      'The Patient file is cut once; then a Patient changes, and the file has other content and another ETag.',
    orders: [
      framed({ as: 'content-length' }),
      cutOnce,
      { match, fault: { kind: 'regenerate-files', type: 'Patient' }, after: 1 },
    ],
  },
  {
    name: 'weak-etag',
    description: 'The Patient file is cut once, and its ETag is weak: If-Range with it is answered 200 with the whole.',
    orders: [
      framed({ as: 'content-length' }),
      cutOnce,
      { match, fault: { kind: 'headers', set: { etag: 'W/"patients"' } }, times: 'always' },
    ],
  },
  {
    name: 'no-etag',
    description: 'The Patient file is cut once, and it has no ETag and no Last-Modified.',
    orders: [
      framed({ as: 'content-length' }),
      cutOnce,
      { match, fault: { kind: 'headers', set: { etag: null, 'last-modified': null } }, times: 'always' },
    ],
  },
] as const satisfies readonly Scenario[];

interface FramedInput {
  readonly as: 'content-length' | 'chunked' | 'close';
  readonly gzip?: boolean;
}

/** Serves the Patient file in one framing, whatever the client accepts. */
function framed(framing: FramedInput): ScenarioOrder {
  return { match: matches.patients, fault: { kind: 'framing', ...framing }, times: 'always' };
}
