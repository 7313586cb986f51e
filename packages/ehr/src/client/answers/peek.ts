import { Readable } from 'node:stream';

type IsEnough = (chunks: readonly Buffer[], sizeBytes: number) => boolean;

/** What shows gzip, and UTF-16. */
export const twoBytes: IsEnough = (_chunks, sizeBytes) => sizeBytes >= 2;

/**
 * Reads chunks until `isEnough`, and returns a stream that has them again.
 * @returns fewer bytes if the stream has ended or failed. The returned stream gives its error to the reader
 */
export async function peek(
  body: Readable,
  isEnough: IsEnough,
): Promise<{ readonly start: Buffer; readonly body: Readable }> {
  const chunks: Buffer[] = [];
  for (let sizeBytes = 0; !isEnough(chunks, sizeBytes); ) {
    const chunk = body.read() as Buffer | null;
    if (chunk !== null) {
      chunks.push(chunk);
      sizeBytes += chunk.length;
    } else if (body.readableEnded || body.destroyed) break;
    else await nextEvent(body);
  }
  const start = Buffer.concat(chunks);
  return { start, body: unread(body, start) };
}

/** Puts bytes back. A stream that has ended cannot take them. */
function unread(body: Readable, bytes: Buffer): Readable {
  if (body.errored) return body;
  if (body.readableEnded) return Readable.from([bytes]);
  if (bytes.length > 0) body.unshift(bytes);
  return body;
}

const streamEvents = ['readable', 'end', 'error', 'close'] as const;

function nextEvent(body: Readable): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      for (const name of streamEvents) body.off(name, settle);
      resolve();
    };
    for (const name of streamEvents) body.on(name, settle);
  });
}
