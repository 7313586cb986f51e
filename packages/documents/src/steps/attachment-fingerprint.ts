import { hash } from 'node:crypto';
import type { Attachment } from '@bulkhead/fhir';

/** Differs if an attachment may have another content: another URL, data, hash, size or type, or another version of its resource. */
export function attachmentFingerprint(
  { url, data, hash: declared, size, contentType }: Attachment,
  versionId: string | undefined,
): string {
  const source = data === undefined ? url : hash('sha256', data);
  return hash(
    'sha256',
    JSON.stringify([data !== undefined, source, declared, size, contentType, versionId]),
    'base64url',
  );
}
