import { pipeline, type Readable, Transform } from 'node:stream';
import type { AppError } from '@bulkhead/domain';

/** A stream that fails with `error` once more than `maxBytes` came. Without a limit it is the stream itself. */
export function limitBytes(options: {
  readonly body: Readable;
  readonly maxBytes: number;
  readonly error: () => AppError;
}): Readable {
  const { body, maxBytes, error } = options;
  if (maxBytes === Number.POSITIVE_INFINITY) return body;
  let sizeBytes = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes) done(error());
      else done(null, chunk);
    },
  });
  return pipeline(body, counter, () => undefined);
}
