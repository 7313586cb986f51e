import { pipeline, type Readable, Transform } from 'node:stream';
import { JsonValueCounter } from '@bulkhead/fhir';
import type { AppError } from '@bulkhead/runtime';

/** A gzip file of clinical data is a tenth to a fiftieth of its size; gzip at its best makes a thousandth of a text that repeats. */
const maxRatio = 250;
/** Below this even an extreme ratio costs nothing: the empty lines of a small file may be the whole of it. */
const ratioCountsFromBytes = 64 * 1024 * 1024;

/** A stream that fails with `error` once the body is larger than the limits, or is expanded more than data ever are. */
export function limitBody(options: {
  /** After decompression. */
  readonly body: Readable;
  /** As it comes from the socket. */
  readonly received: Readable;
  readonly maxBytes: number;
  readonly maxValues?: number | undefined;
  readonly error: () => AppError;
}): Readable {
  const { body, received, maxBytes, maxValues = Number.POSITIVE_INFINITY, error } = options;
  // A body without a coding is as large as what was received.
  if (body === received && maxBytes === Number.POSITIVE_INFINITY) return body;
  const counter = maxValues === Number.POSITIVE_INFINITY ? undefined : new JsonValueCounter();
  let sizeBytes = 0;
  let receivedBytes = 0;
  if (body !== received) {
    received.on('data', (chunk: Buffer) => {
      receivedBytes += chunk.length;
    });
  }
  const limit = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sizeBytes += chunk.length;
      const isExpanded = body !== received && sizeBytes > ratioCountsFromBytes && sizeBytes > maxRatio * receivedBytes;
      const hasTooMany = counter !== undefined && counter.add(chunk) > maxValues;
      if (sizeBytes > maxBytes || hasTooMany || isExpanded) done(error());
      else done(null, chunk);
    },
  });
  return pipeline(body, limit, () => undefined);
}
