/** What a client asks for with `Prefer` (RFC 7240), of the preferences that this API knows. */
export interface Preferences {
  readonly respondAsync: boolean;
  /** How long the client wants to wait for the result. */
  readonly waitSeconds?: number;
}

/** A preference that cannot be read is ignored, and of a repeated one the first counts, as RFC 7240 says. */
export function readPreferences(header = ''): Preferences {
  const preferences = header.split(',').map((preference) => preference.split(';', 1).join('').trim());
  const waits = preferences.flatMap((preference) => waitPattern.exec(preference)?.slice(1) ?? []);
  return {
    respondAsync: preferences.some((preference) => preference.toLowerCase() === 'respond-async'),
    ...(waits[0] === undefined ? {} : { waitSeconds: Number(waits[0]) }),
  };
}

/** The value may be quoted; RFC 7240 allows spaces around the "=". */
const waitPattern = /^wait\s*=\s*"?(\d{1,9})"?$/i;
