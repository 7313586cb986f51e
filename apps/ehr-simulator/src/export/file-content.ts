import type { ByteRange } from '../http/parse-range.ts';

/** A file that can be served in parts: what it holds, and what identifies that. */
export interface FileContent {
  readonly sizeBytes: number;
  readonly etag: string;
  read(range: ByteRange): AsyncIterable<Buffer>;
}
