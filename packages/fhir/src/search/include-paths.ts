import { type DirectReference, readReference } from '../resources/reference.ts';
import { isResourceType, type Resource } from '../resources/resource.ts';
import { referenceParametersOf, referenceParameterTypes, targetsOf } from './reference-parameters.ts';
import { searchParametersOf } from './search-parameters.ts';

/** An `_include`: the elements of the matches whose targets are added to the page. */
export interface Include {
  readonly paths: readonly (readonly string[])[];
  /** Only targets of this type. */
  readonly targetType: string | undefined;
}

/** Reads `Type:parameter` or `Type:parameter:TargetType`. @returns undefined if there is no such parameter */
export function readInclude(text: string): (Include & { readonly type: string }) | undefined {
  const [type = '', parameter = '', targetType, ...others] = text.split(':');
  const entry = referenceParametersOf(type).find(([name]) => name === parameter);
  if (!entry || others.length > 0 || (targetType !== undefined && !isResourceType(targetType))) return undefined;
  const [, paths] = entry;
  return { type, paths, targetType: targetType ?? targetsOf[parameter] };
}

/** The values of `_include` for a type. */
export function includesOf(type: string): string[] {
  return referenceParametersOf(type).map(([name]) => `${type}:${name}`);
}

/** A `_revinclude`: the resources of `type` that refer to the matches are added to the page. */
export interface RevInclude extends Include {
  readonly type: string;
  /** The search parameter of the type. */
  readonly name: string;
  /** What finds them: the record of the patients that the matches are, or a token with the reference. */
  readonly key: 'patient' | 'target';
}

/** The values of `_revinclude` for matches of a type: what the stored keys find. */
export function revIncludesOf(resourceType: string): string[] {
  const ofPatients = referenceParameterTypes.flatMap((type) =>
    referenceParametersOf(type)
      .filter(([name]) => patientNames.includes(name) && searchParametersOf(type).has(name))
      .map(([name]) => `${type}:${name}`),
  );
  return [provenanceTarget, ...(resourceType === 'Patient' ? ofPatients : [])];
}

/** US Core requires it for every type. */
const provenanceTarget = 'Provenance:target';
const patientNames = ['patient', 'subject'];

/** Reads `Type:parameter` or `Type:parameter:TargetType`, for matches of a type. @returns undefined if no key finds what it asks for */
export function readRevInclude(text: string, resourceType: string): RevInclude | undefined {
  const include = readInclude(text);
  const [type = '', name = ''] = text.split(':');
  const parameter = `${type}:${name}`;
  if (!include || !revIncludesOf(resourceType).includes(parameter)) return undefined;
  if (include.targetType !== undefined && include.targetType !== resourceType) return undefined;
  return { ...include, name, key: parameter === provenanceTarget ? 'target' : 'patient' };
}

/** Everything to which resources of a type can refer. */
export function allIncludesOf(type: string): readonly (Include & { readonly type: string })[] {
  return referenceParametersOf(type).map(([, paths]) => ({ type, paths, targetType: undefined }));
}

/** The references of a resource that an `_include` follows. `baseUrls` are those of the server of the resource (`baseUrlsOf`). */
export function includedReferences(
  resource: Resource,
  { paths, targetType, baseUrls }: Include & { readonly baseUrls: readonly string[] },
): DirectReference[] {
  return paths
    .flatMap((path) => valuesAt(resource, path))
    .flatMap((value) => readReference((value as { readonly reference?: unknown } | null)?.reference, baseUrls) ?? [])
    .filter(({ type }) => targetType === undefined || type === targetType);
}

function valuesAt(resource: Resource, path: readonly string[]): unknown[] {
  let values: unknown[] = [resource];
  for (const name of path)
    values = values.flatMap((value) => [(value as Record<string, unknown> | null | undefined)?.[name] ?? []].flat());
  return values;
}
