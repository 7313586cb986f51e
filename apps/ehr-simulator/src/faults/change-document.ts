import type { Reply } from '../http/reply.ts';
import type { JsonObject } from '../practice/exact-json.ts';

export interface ChangeDocumentInput {
  readonly reply: Reply;
  readonly change: (document: JsonObject) => JsonObject;
}

/** An answer whose JSON document is another one; answers without a document stay as they are. */
export function changeDocument({ reply, change }: ChangeDocumentInput): Reply {
  const { document } = reply;
  if (typeof document !== 'object' || document === null) return reply;
  return { ...reply, document: change(document as JsonObject) };
}
