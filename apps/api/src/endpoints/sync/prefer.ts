/** The preferences of a `Prefer` header (RFC 7240) that this API supports. */
export interface Preferences {
  readonly respondAsync: boolean;
  /** How long the client wants to wait for the result. */
  readonly waitSeconds?: number;
}

/** As RFC 7240 requires, an unreadable preference is ignored, and if one is repeated, the first counts. */
export function readPreferences(header = ''): Preferences {
  const preferences = header.split(',').map((preference) => preference.split(';', 1).join('').trim());
  const waitTexts = preferences.flatMap((preference) => waitPattern.exec(preference)?.slice(1) ?? []);
  return {
    respondAsync: preferences.some((preference) => preference.toLowerCase() === 'respond-async'),
    ...(waitTexts[0] === undefined ? {} : { waitSeconds: Number(waitTexts[0]) }),
  };
}

/** The value may be quoted; RFC 7240 allows spaces around the "=". */
const waitPattern = /^wait\s*=\s*"?(\d{1,9})"?$/i;
