/** A base URL as it is compared and stored: paths are appended to it with a slash of their own. */
export function withoutTrailingSlashes(url: string): string {
  // The lookbehind lets each run of slashes be tried once, so the time is linear.
  return url.replace(/(?<!\/)\/+$/, '');
}
