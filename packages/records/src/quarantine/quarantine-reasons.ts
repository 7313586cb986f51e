import type { WarningTable } from '@bulkhead/base';
import type { LineRejectionReason } from '@bulkhead/fhir';

const notStorable = 'Replace the part that cannot be stored, and store the corrected line.';

/** Why a line or an entry is in the quarantine. */
export const quarantineReasons = {
  'line-too-long': {
    title: 'The line is too long',
    advice: "Contact the EHR's support. A resource of this size cannot be stored.",
    help: 'The line is longer than a line may be.',
  },
  'invalid-utf8': {
    title: 'The text is not UTF-8',
    advice: 'Correct the characters that cannot be read, and store the corrected line.',
    help: 'The bytes of the line are not UTF-8.',
  },
  'invalid-json': {
    title: 'The JSON is broken',
    advice: 'Correct the JSON at the place that is marked, and store the corrected line.',
    help: 'The line is not JSON.',
  },
  'too-deep': {
    title: 'The JSON is nested too deeply',
    advice: notStorable,
    help: 'The JSON is nested more than 100 levels deep.',
  },
  'too-many-values': {
    title: 'The resource has too many values',
    advice: "Contact the EHR's support. A resource of this size cannot be stored.",
    help: 'The JSON has more values than a line may have.',
  },
  'nul-in-key': {
    title: 'A name contains a null character',
    advice: notStorable,
    help: 'A key contains U+0000, which MongoDB cannot store.',
  },
  'reserved-key': {
    title: 'A name is reserved by the database',
    advice: notStorable,
    help: 'A key has a special meaning in MongoDB.',
  },
  'lone-surrogate': {
    title: 'A character is incomplete',
    advice: notStorable,
    help: 'A text contains half of a UTF-16 character, which MongoDB cannot store.',
  },
  'not-an-object': {
    title: 'The line is not a resource',
    advice: 'Replace it by a resource, or leave it in the quarantine.',
    help: 'The JSON is not an object.',
  },
  'no-resource-type': {
    title: 'The resource has no type',
    advice: 'Add the type of the resource, and store the corrected line.',
    help: 'The object has no `resourceType`.',
  },
  'wrong-resource-type': {
    title: 'The resource has another type than its file',
    advice: "Correct the type of the resource. If many lines have this fault, contact the EHR's support.",
    help: 'The `resourceType` is not that of the file or the search.',
  },
  'no-id': {
    title: 'The resource has no valid id',
    advice: 'Add the id of the resource, and store the corrected line.',
    help: 'The resource has no `id`, or one that FHIR does not allow.',
  },
  'too-large': {
    title: 'The resource is too large for the database',
    advice: "Contact the EHR's support. A resource of this size cannot be stored.",
    help: 'The resource is larger than a document of MongoDB may be.',
  },
  'unreadable-deletion': {
    title: 'A deletion cannot be read',
    advice: 'Correct the list of deletions, and store the corrected line.',
    help: 'A deletion has no type or no id.',
  },
  'refused-by-database': {
    title: 'The database refused the resource',
    advice: 'Look for the cause in the logs of the workers. Once it is fixed, replay the line.',
    help: 'MongoDB refused the document of this resource alone.',
  },
  'line-truncated': {
    title: 'Only a part of the line was kept',
    advice: 'Enter the whole corrected line, or start a new export.',
    help: 'A replay needs the whole line.',
  },
} as const satisfies Record<LineRejectionReason, WarningTable[string]> & WarningTable;

export type QuarantineReason = keyof typeof quarantineReasons;
