import { createHash } from 'node:crypto';
import type { Store } from '@bulkhead/system';

const partBytes = 10;

/** Stores the content of a document, in parts of ten bytes, as a worker does. */
export async function storeDocument(
  { documents, documentContents }: Store,
  options: { readonly connectionId: string; readonly id: string; readonly text: string; readonly storedType: string },
): Promise<void> {
  const { connectionId, id, text, storedType } = options;
  const upload = `up_${id}`;
  const parts: string[] = [];
  for (let start = 0; start < text.length; start += partBytes) {
    const part = await documentContents.createPart({ connectionId, upload, index: parts.length });
    await part.write(Buffer.from(text.slice(start, start + partBytes)));
    parts.push(await part.end());
  }
  const [sha256, sizeBytes, now] = [createHash('sha256').update(text).digest('hex'), text.length, new Date()];
  await documentContents.insert({ connectionId, sha256, sizeBytes, upload, parts, partBytes, createdAt: now });
  const claim = { id, claim: 'one' };
  await documents.claim(claim, now);
  await documents.store(claim, { sha256, sizeBytes, storedType, notes: [], now });
}
