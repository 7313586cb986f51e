import type { IncomingMessage } from 'node:http';
import { decodeBody } from './decode-body.ts';

/** OperationOutcomes in the field have some kilobytes; the rest of a longer body is not read. */
const maxBytes = 64 * 1024;

/** The start of a body that is only looked at to say what came. @returns undefined if it cannot be read */
export async function readStart(message: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of decodeBody(message) ?? []) {
      chunks.push(chunk as Buffer);
      sizeBytes += (chunk as Buffer).length;
      if (sizeBytes >= maxBytes) break;
    }
  } catch {
    // A body that breaks off still says something by its start.
  }
  message.destroy();
  return chunks.length === 0 ? undefined : Buffer.concat(chunks).subarray(0, maxBytes);
}
