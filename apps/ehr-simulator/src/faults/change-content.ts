import { createHash } from 'node:crypto';
import { cutBytes, type FileContent } from '../export/file-content.ts';
import { changeLines, type LineChange } from './change-lines.ts';

export interface ChangeContentInput {
  readonly content: FileContent;
  readonly change: LineChange;
}

/** Another file: read once to know its size and its ETag, and again to be served, so that nothing is held. */
export async function changeContent({ content, change }: ChangeContentInput): Promise<FileContent> {
  const whole = { first: 0, last: content.sizeBytes - 1 };
  const changed = () => changeLines({ chunks: content.read(whole), change });
  const hash = createHash('sha1');
  let sizeBytes = 0;
  for await (const chunk of changed()) {
    hash.update(chunk);
    sizeBytes += chunk.length;
  }
  return {
    sizeBytes,
    etag: `"${hash.digest('base64url')}"`,
    read: ({ first, last }) => cutBytes({ chunks: changed(), skipBytes: first, lengthBytes: last - first + 1 }),
  };
}
