import type { PatientDocument } from './patient-document.record.ts';

/** What is stored most; any other type keeps the extension that its title has, if it has one. */
const extensions: Readonly<Record<string, string>> = {
  'application/dicom': 'dcm',
  'application/json': 'json',
  'application/msword': 'doc',
  'application/pdf': 'pdf',
  'application/rtf': 'rtf',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'application/xml': 'xml',
  'image/gif': 'gif',
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/tiff': 'tiff',
  'image/webp': 'webp',
  'text/csv': 'csv',
  'text/plain': 'txt',
  'text/rtf': 'rtf',
  'text/xml': 'xml',
};
/** File systems end at 255 bytes, and a character may take four. */
const maxNameLength = 60;

/**
 * A name to save a document under. The title is the EHR's: no path, nothing that hides an extension, and always an extension
 * that stands for what the content is.
 * @param options.isActive content that a program would run gets one that nothing opens.
 */
export function documentFileName({
  document,
  isActive,
}: {
  readonly document: Pick<PatientDocument, 'id' | 'title' | 'storedType'>;
  readonly isActive: boolean;
}): string {
  const mediaType = document.storedType?.split(';', 1)[0] ?? '';
  const extension = isActive ? 'bin' : (extensions[mediaType] ?? 'bin');
  const title = (document.title ?? '')
    // Control, format (bidirectional overrides among them) and private characters, and halves of surrogate pairs.
    .replace(/\p{C}/gu, '')
    .replace(/[/\\:*?"<>|%]/g, '_')
    .replace(/\s+/g, ' ');
  const hasExtension = title.toLowerCase().endsWith(`.${extension}`);
  const stem = hasExtension ? title.slice(0, -extension.length - 1) : title;
  const name = [...stem].slice(0, maxNameLength).join('');
  // A name of dots alone is a folder, one that begins with a dot is hidden, and Windows drops dots and spaces at the end.
  const plain = name.replace(/^[. ]+|(?<![. ])[. ]+$/g, '');
  return `${plain === '' ? document.id : plain}.${extension}`;
}
