export interface CutBytesInput {
  readonly chunks: AsyncIterable<Buffer> | Iterable<Buffer>;
  readonly skipBytes: number;
  readonly lengthBytes: number;
}

/** A part of a stream; what comes behind it is not even made. */
export async function* cutBytes({ chunks, skipBytes, lengthBytes }: CutBytesInput): AsyncGenerator<Buffer> {
  let skip = skipBytes;
  let left = lengthBytes;
  if (left <= 0) return;
  for await (const chunk of chunks) {
    const wanted = chunk.subarray(Math.min(skip, chunk.length)).subarray(0, left);
    skip = Math.max(0, skip - chunk.length);
    left -= wanted.length;
    if (wanted.length > 0) yield wanted;
    if (left <= 0) return;
  }
}
