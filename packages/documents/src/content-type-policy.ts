/** What happens with content of a type. `active` content is stored, but served only as bytes that no program executes. */
export type ContentTypeVerdict = 'stored' | 'active' | 'refused';

/** The types in medical records: texts, pictures, letters, HL7 and DICOM documents. */
const storedTypes: readonly RegExp[] = [
  /^application\/(pdf|rtf|xml|json|dicom|msword)$/,
  /^application\/(hl7|fhir\+)/,
  /^application\/vnd\.openxmlformats-officedocument\./,
  /^(image|text)\//,
];
/** Recordings are large, and few practices want them. */
const mediaTypes = /^(audio|video)\//;
/** A browser would execute these types with the session of the reader. */
const activeTypes: ReadonlySet<string> = new Set([
  'text/html',
  'text/javascript',
  'text/ecmascript',
  'text/jscript',
  'text/vbscript',
  'image/svg+xml',
  'application/xhtml+xml',
]);

/** @param mediaType in lower case, without parameters. See `parseMediaType` */
export function contentTypeVerdict(options: {
  readonly mediaType: string;
  /** Whether audio and video are stored too. */
  readonly withMedia: boolean;
}): ContentTypeVerdict {
  const { mediaType, withMedia } = options;
  if (activeTypes.has(mediaType)) return 'active';
  if (mediaTypes.test(mediaType)) return withMedia ? 'stored' : 'refused';
  return storedTypes.some((pattern) => pattern.test(mediaType)) ? 'stored' : 'refused';
}
