import { parseResourceLine } from '@bulkhead/fhir';
import { type DocumentContext, type ResourceDocument, toResourceDocument } from '../version/resource-document.ts';

export const documentContext = {
  connectionId: 'conn_1',
  source: { exportId: 'job_1', fileId: 'job_1.1', line: 1 },
  observedAt: new Date('2024-06-01T00:00:00Z'),
  now: new Date('2024-06-01T01:00:00Z'),
};

/** Makes the document of a resource, or of a line that contains it, as a worker does. */
export function makeDocument(resource: object | string, change: Partial<DocumentContext> = {}): ResourceDocument {
  const bytes = Buffer.from(typeof resource === 'string' ? resource : JSON.stringify(resource));
  const place = { line: 2, offset: 0, nextOffset: 0, isTooLong: false };
  const parsed = parseResourceLine({ bytes, sizeBytes: bytes.length, ...place });
  if (parsed.kind !== 'resource') throw new Error(`the line is not a resource: ${bytes}`);
  return toResourceDocument({ ...parsed, context: { ...documentContext, ...change } });
}
