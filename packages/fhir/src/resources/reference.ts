import { isResourceId, isResourceType } from './resource.ts';

/** A reference to a resource of the same server. */
export interface DirectReference {
  readonly type: string;
  readonly id: string;
}

/**
 * Reads a literal reference (https://hl7.org/fhir/R4/references.html#literal): `Type/id`, `/Type/id`, `https://server/Type/id`, each also with
 * `/_history/1`, a part of it (`Type/id#part`), `Type?_id=id`, and the same with percent-encoded characters. It is the only reader of references.
 * @param baseUrls the FHIR base URLs by which the server of the resource knows itself (`baseUrlsOf`). Default: those of every server
 * @returns undefined for any other reference, such as a contained or a logical one, and one to another server
 */
export function readReference(reference: unknown, baseUrls?: readonly string[]): DirectReference | undefined {
  if (typeof reference !== 'string') return undefined;
  const parts = partsOf(reference);
  const id = parts?.at(-1);
  const type = parts?.at(-2);
  if (!parts || type === undefined || !isResourceType(type) || !isResourceId(id)) return undefined;
  if (baseUrls === undefined || parts.length === 2) return { type, id };
  const base = parts.slice(0, -2).join('/');
  return base === '' || baseUrls.includes(normalized(base)) ? { type, id } : undefined;
}

/** Reads the id of a reference to a resource of a type, at any server. */
export function referencedId(reference: unknown, type: string): string | undefined {
  const target = readReference(reference);
  return target?.type === type ? target.id : undefined;
}

/** Reads a reference to a resource, at any server, as `Type/id`. */
export function relativeReference(reference: unknown): string | undefined {
  const target = readReference(reference);
  return target && `${target.type}/${target.id}`;
}

/** The FHIR base URLs of a server in the form in which `readReference` compares them. @param origins other names of its origin */
export function baseUrlsOf(fhirEndpoint: string, origins: Iterable<string> = []): readonly string[] {
  const { origin, pathname } = new URL(fhirEndpoint);
  return [origin, ...origins].map((each) => normalized(each + pathname));
}

/** The references to a resource of a server that most resources contain, for a search by equal texts. */
export function referencesTo({ type, id }: DirectReference, baseUrls: readonly string[]): string[] {
  return ['', '/', ...baseUrls.map((baseUrl) => `${baseUrl}/`)].map((start) => `${start}${type}/${id}`);
}

/**
 * A regular expression for the texts that `readReference` reads as one of the targets, at any server. It has no percent-encoded ones. For a query, which
 * cannot call `readReference`.
 */
export function referencePattern(targets: readonly DirectReference[]): string {
  const written = targets.map(({ type, id }) => String.raw`${type}(?:/|\?_id=)${id.replaceAll('.', String.raw`\.`)}`);
  return `^(?:[^#?]*/)?(?:${written.join('|')})(?:/_history/[^/#?]*)?(?:#.*)?$`;
}

/** Without the usual port and with the host in lower case. */
function normalized(baseUrl: string): string {
  const url = URL.parse(baseUrl);
  return url ? `${url.origin}${url.pathname}`.replace(/\/$/, '') : baseUrl;
}

/** The parts of a reference without its version. */
function partsOf(reference: string): readonly string[] | undefined {
  const path = /[?#%:]/.test(reference) ? pathOf(reference) : reference;
  const parts = path?.split('/');
  return parts?.at(-2) === '_history' ? parts.slice(0, -2) : parts;
}

/** The path of a reference that is more than a path. @returns undefined if it names no stored resource */
function pathOf(reference: string): string | undefined {
  if (reference.startsWith('urn:')) return undefined;
  const [url = ''] = decoded(reference).split('#');
  const [path = '', query, ...others] = url.split('?');
  if (query === undefined) return path;
  return others.length === 0 && query.startsWith('_id=') ? `${path}/${query.slice('_id='.length)}` : undefined;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
