import { AppError } from '@bulkhead/runtime';
import type { DocumentNote, PatientDocument } from '../patient-document.ts';

interface Content {
  readonly sizeBytes: number;
  /** Hexadecimal. */
  readonly sha1: string;
  readonly sha256: string;
}

/**
 * Compares a content with what the attachment says of it.
 * @returns what a reader should know. @throws AppError `document-mismatch`
 */
export function checkDocument(
  { declaredSize, declaredHash, url }: Pick<PatientDocument, 'declaredSize' | 'declaredHash' | 'url'>,
  content: Content & { readonly endIsProven: boolean },
): DocumentNote[] {
  const notes: DocumentNote[] = [];
  const declared = declaredHash === undefined ? undefined : readHash(declaredHash);
  if (declared && content[declared.algorithm] !== declared.digest) throw mismatch('hash', url);
  if (declaredHash !== undefined && !declared) notes.push('hash-not-understood');
  if (declaredSize !== undefined && declaredSize !== content.sizeBytes) {
    // The hash proves the content; some servers count the characters of its base64.
    if (!declared) throw mismatch('size', url);
    notes.push('size-differs');
  }
  if (!content.endIsProven && !declared && declaredSize === undefined) notes.push('end-not-proven');
  return notes;
}

/** R4: SHA-1 in base64 (https://hl7.org/fhir/R4/datatypes.html#Attachment); in the field also SHA-256, and in hexadecimal. */
function readHash(text: string): { readonly algorithm: 'sha1' | 'sha256'; readonly digest: string } | undefined {
  const isHex = /^([0-9a-f]{40}|[0-9a-f]{64})$/i.test(text);
  const digest = isHex ? text.toLowerCase() : Buffer.from(text, 'base64').toString('hex');
  const algorithm = ({ 40: 'sha1', 64: 'sha256' } as const)[digest.length];
  return algorithm && { algorithm, digest };
}

function mismatch(reason: 'hash' | 'size', url: string | undefined): AppError {
  // Data inside of the resource is the same each time it is read; only another version of the resource changes it.
  const isInline = url === undefined;
  return new AppError({
    code: 'document-mismatch',
    message: isInline
      ? `The data inside of the resource does not have the ${reason} that the resource declares. Contact the EHR's support.`
      : `The document does not have the ${reason} that its resource declares. It is fetched again.`,
    retry: isInline ? 'never' : 'later',
    context: { reason },
  });
}
