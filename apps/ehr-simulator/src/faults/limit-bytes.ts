export interface LimitBytesInput {
  readonly body: AsyncIterable<Buffer>;
  readonly maxBytes: number;
}

/** The first bytes of a body; what comes after is not even made. */
export async function* limitBytes({ body, maxBytes }: LimitBytesInput): AsyncGenerator<Buffer> {
  let left = maxBytes;
  if (left === 0) return;
  for await (const chunk of body) {
    yield chunk.subarray(0, left);
    left -= chunk.length;
    if (left <= 0) return;
  }
}
