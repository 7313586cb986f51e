import { hash } from 'node:crypto';
import type { Attachment } from '@bulkhead/fhir';

/** Differs where an attachment may have another content: another address, data, hash or size, or another version of its resource. */
export function attachmentFingerprint(
  { url, data, hash: declared, size, contentType }: Attachment,
  versionId: string | undefined,
): string {
  const where = data === undefined ? url : hash('sha256', data);
  return hash(
    'sha256',
    JSON.stringify([data !== undefined, where, declared, size, contentType, versionId]),
    'base64url',
  );
}
