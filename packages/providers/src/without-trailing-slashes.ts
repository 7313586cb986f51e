/** Normalizes a base URL to compare and store it. Appended paths begin with a slash. */
export function withoutTrailingSlashes(url: string): string {
  // The lookbehind makes the expression try each run of slashes only once, so the time is linear.
  return url.replace(/(?<!\/)\/+$/, '');
}
