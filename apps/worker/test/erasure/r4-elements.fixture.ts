import { isResourceType } from '@bulkhead/fhir';
import r4 from 'fhirpath/fhir-context/r4';

/*
 * The elements of FHIR R4 that are an Attachment or a Reference, from the definitions that HL7 publishes, as fhirpath.js contains them
 * (https://github.com/HL7/fhirpath.js).
 */

const { path2Type, path2RefType, path2Repeating } = r4 as unknown as {
  readonly path2Type: Readonly<Record<string, string>>;
  /** The types that a reference can name. `Resource` is any of them. */
  readonly path2RefType: Readonly<Record<string, readonly string[]>>;
  readonly path2Repeating: Readonly<Record<string, boolean>>;
};

export const attachmentPaths = Object.keys(path2Type).filter((path) => path2Type[path] === 'Attachment');

/** The elements that can refer to a type. */
export function referencePathsTo(type: string): string[] {
  const canName = (path: string) => (path2RefType[path] ?? []).some((target) => [type, 'Resource'].includes(target));
  return Object.keys(path2Type).filter((path) => path2Type[path] === 'Reference' && canName(path));
}

/** A resource with a value in an element. An element of a data type is in an extension. */
export function planted(
  path: string,
  value: unknown,
): { readonly [element: string]: unknown; readonly resourceType: string } {
  const [root = '', ...elements] = path.split('.');
  const content = elements.reduceRight((inner, element, index) => {
    const isRepeated = path2Repeating[[root, ...elements.slice(0, index + 1)].join('.')] === true;
    return { [element]: isRepeated ? [inner] : inner };
  }, value) as object;
  if (isResourceType(root)) return { resourceType: root, ...content };
  const extension =
    root === 'Extension' ? content : { [`value${root.charAt(0).toUpperCase()}${root.slice(1)}`]: content };
  return { resourceType: 'Basic', extension: [{ url: 'https://example.org/planted', ...extension }] };
}
