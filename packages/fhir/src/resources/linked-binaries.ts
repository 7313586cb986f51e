import { referencedId } from './reference.ts';

/**
 * The ids of the Binaries that a resource refers to, each once: by the URL of an Attachment, a Reference, or another link, at any depth,
 * also in contained resources and extensions. A Binary itself does not say whose data it contains. So what belongs to a resource is not
 * read from a list of elements, which would lack those of a profile.
 */
export function linkedBinaries(resource: unknown): string[] {
  const ids = new Set<string>();
  // Without recursion, so that the depth of a resource cannot exhaust the stack.
  const nodes: unknown[] = [resource];
  while (nodes.length > 0) {
    const node = nodes.pop();
    if (typeof node === 'string') {
      const id = linkedBinary(node);
      if (id !== undefined) ids.add(id);
    } else if (Array.isArray(node)) {
      for (const item of node) nodes.push(item);
    } else if (isPlain(node)) {
      for (const value of Object.values(node)) nodes.push(value);
    }
  }
  return [...ids];
}

/** Texts such as the data of an attachment can have megabytes. No server accepts URLs of this length. */
const maxUrlLength = 10_000;

function linkedBinary(text: string): string | undefined {
  if (text.length > maxUrlLength || !text.includes('Binary')) return undefined;
  // A URL may have a query, such as a version or a token.
  return referencedId(text.split(/[?#]/)[0], 'Binary');
}

/** Not a number of the database. */
function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
