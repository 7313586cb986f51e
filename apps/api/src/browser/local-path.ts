/** No real host has this name (RFC 2606). If a resolved URL has another origin, it leads to another server. */
const ownOrigin = 'http://own.invalid';

/**
 * A path of this server, as a browser would understand it.
 * @returns undefined for anything that leads to another server: `//host`, `/\host`, an address with a scheme
 */
export function localPath(address: unknown): string | undefined {
  if (typeof address !== 'string' || !address.startsWith('/') || !URL.canParse(address, ownOrigin)) return undefined;
  const { origin, pathname, search } = new URL(address, ownOrigin);
  // `/.//host` resolves to the path `//host`, which a browser would treat as another server.
  return origin === ownOrigin && !pathname.startsWith('//') ? `${pathname}${search}` : undefined;
}
