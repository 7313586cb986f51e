import { always, matches, type Scenario, type ScenarioOrder } from './scenario.ts';

/** A position inside the second resource of a Patient file, so that some lines are complete and none ends there. */
const afterBytes = 3000;

const match = matches.patients;
/** A compressed Patient file of eight patients has about 4000 bytes. */
const zippedAfterBytes = 1000;

const cutOnce = { match, fault: { kind: 'truncate', afterBytes } };

export const transferScenarios = [
  {
    name: 'lost-connection',
    description: 'The connection is reset once inside the Patient file, which can be resumed with Range and If-Range.',
    orders: [framed('content-length'), { match, fault: { kind: 'reset', afterBytes } }],
  },
  {
    name: 'refused-connection',
    description: 'The connection is reset twice before the first byte of the Patient file.',
    orders: [{ match, fault: { kind: 'reset' }, times: 2 }],
  },
  {
    name: 'cut-before-content-length',
    description: 'The Patient file ends once before its Content-Length.',
    orders: [framed('content-length'), cutOnce],
  },
  {
    name: 'short-content-length',
    description: 'The Patient file is short once, with a matching Content-Length. Only the count reveals it.',
    orders: [framed('content-length'), { match, fault: { kind: 'truncate', afterBytes, clean: true } }],
  },
  {
    name: 'cut-chunked',
    description: 'The Patient file is sent in chunks, and the connection ends once without the last chunk.',
    orders: [framed('chunked'), cutOnce],
  },
  {
    name: 'short-chunked',
    description: 'The Patient file is sent in chunks and is short once, with a last chunk. Only the count reveals it.',
    orders: [framed('chunked'), { match, fault: { kind: 'truncate', afterBytes, clean: true } }],
  },
  {
    name: 'cut-gzip',
    description: 'The compressed Patient file ends once without a gzip trailer, but with a last chunk.',
    orders: [{ match, fault: { kind: 'truncate', afterBytes: zippedAfterBytes, clean: true } }],
  },
  {
    name: 'close-delimited',
    description: 'The Patient file is complete but has no Content-Length and no chunks. It ends with the connection.',
    orders: [framed('close')],
  },
  {
    name: 'cut-close-delimited',
    description: 'The Patient file has no Content-Length and no chunks and is short once. Only the count reveals it.',
    orders: [framed('close'), cutOnce],
  },
  {
    name: 'cut-close-delimited-gzip',
    description: 'The compressed Patient file has no Content-Length and no chunks, and once no gzip trailer.',
    orders: [framed('close', { gzip: true }), { match, fault: { kind: 'truncate', afterBytes: zippedAfterBytes } }],
  },
  {
    name: 'stalled-file',
    description: 'The Patient file stalls once in the middle, and the connection stays open.',
    orders: [framed('content-length'), { match, fault: { kind: 'stall', afterBytes } }],
  },
  {
    name: 'slow-files',
    description: 'The server sends files at 50 kB per second.',
    orders: [always(matches.files, { kind: 'slow', bytesPerSecond: 50_000 })],
  },
  {
    name: 'split-characters',
    description: 'The server sends the Patient file in pieces of seven bytes, which splits characters.',
    orders: [framed('chunked'), always(match, { kind: 'small-chunks', bytes: 7 })],
  },
  {
    name: 'failing-files',
    description: 'The server responds to the first two file requests with 503 and with 429 and Retry-After 1.',
    orders: [
      { match: matches.files, fault: { kind: 'status', status: 503, body: '' } },
      { match: matches.files, fault: { kind: 'status', status: 429, retryAfter: '1' }, after: 1 },
    ],
  },
  {
    name: 'range-ignored',
    description: 'The Patient file is cut once, and the server responds to a Range with 200 and the whole file.',
    orders: [framed('content-length'), cutOnce, always(match, { kind: 'ignore-range' })],
  },
  {
    name: 'changed-file',
    description:
      'The Patient file is cut once. Then a Patient changes, and the file has different content and another ETag.',
    orders: [
      framed('content-length'),
      cutOnce,
      { match, fault: { kind: 'regenerate-files', type: 'Patient' }, after: 1 },
    ],
  },
  {
    name: 'weak-etag',
    description:
      'The Patient file is cut once and has a weak ETag, so that a request with If-Range returns 200 and the whole file.',
    orders: [framed('content-length'), cutOnce, always(match, { kind: 'headers', set: { etag: 'W/"patients"' } })],
  },
  {
    name: 'no-etag',
    description: 'The Patient file is cut once and has neither an ETag nor a Last-Modified.',
    orders: [
      framed('content-length'),
      cutOnce,
      always(match, { kind: 'headers', set: { etag: null, 'last-modified': null } }),
    ],
  },
] as const satisfies readonly Scenario[];

/** Serves the Patient file in one framing, no matter what the client accepts. */
function framed(as: 'content-length' | 'chunked' | 'close', gzip?: { readonly gzip: true }): ScenarioOrder {
  return always(matches.patients, { kind: 'framing', as, ...gzip });
}
