import type { PatientDocument } from './patient-document.record.ts';

/** The most common types. The file of any other type ends with `bin`. */
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
/** File systems allow 255 bytes, and a character can have four. */
const maxNameLength = 60;

/**
 * The name under which a document is saved. The title comes from the EHR, so paths and characters that could hide an extension are
 * removed, and the extension is always that of the content's type.
 * @param options.isActive active content gets an extension that no program opens
 */
export function documentFileName(options: {
  readonly document: Pick<PatientDocument, 'id' | 'title' | 'storedType'>;
  readonly isActive: boolean;
}): string {
  const { document, isActive } = options;
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
  // A name of dots is a folder, a name that starts with a dot is hidden, and Windows drops dots and spaces at the end.
  const plain = name.replace(/^[. ]+|(?<![. ])[. ]+$/g, '');
  return `${plain === '' ? document.id : plain}.${extension}`;
}
