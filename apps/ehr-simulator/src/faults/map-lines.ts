import type { Reply } from '../http/reply.ts';

export interface MapLinesInput {
  readonly reply: Reply;
  /** A line without its newline, numbered from 1. Returns what is sent in its place, newlines included. */
  readonly map: (line: Buffer, number: number) => Buffer | readonly Buffer[];
}

const newline = 0x0a;

/** An answer whose file is changed line by line. Its length is not known any more. */
export function mapLines({ reply, map }: MapLinesInput): Reply {
  if (reply.document !== undefined || reply.body === undefined) return reply;
  const { 'content-length': _, ...headers } = reply.headers;
  const chunks = Buffer.isBuffer(reply.body) ? [reply.body] : reply.body;
  return { ...reply, headers, body: mapped({ chunks, map }) };
}

interface MappedInput extends Pick<MapLinesInput, 'map'> {
  readonly chunks: AsyncIterable<Buffer> | Iterable<Buffer>;
}

async function* mapped({ chunks, map }: MappedInput): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0);
  let number = 0;
  for await (const chunk of chunks) {
    const bytes = Buffer.concat([rest, chunk]);
    const out: Buffer[] = [];
    let start = 0;
    for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, start)) {
      number += 1;
      out.push(...[map(bytes.subarray(start, end), number)].flat());
      start = end + 1;
    }
    rest = bytes.subarray(start);
    if (out.length > 0) yield Buffer.concat(out);
  }
  if (rest.length > 0) yield Buffer.concat([map(rest, number + 1)].flat());
}
