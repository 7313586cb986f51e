/** No host ends with it (RFC 2606), so an address that leaves it leads away. */
const here = 'http://here.invalid';

/**
 * A path of this server, as a browser would understand it.
 * @returns undefined for anything that leads elsewhere: `//host`, `/\host`, an address with a scheme.
 */
export function localPath(given: unknown): string | undefined {
  if (typeof given !== 'string' || !given.startsWith('/') || !URL.canParse(given, here)) return undefined;
  const { origin, pathname, search } = new URL(given, here);
  // `/.//host` is a path here, and becomes an address when it is sent without its dot.
  return origin === here && !pathname.startsWith('//') ? `${pathname}${search}` : undefined;
}
