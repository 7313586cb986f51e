/**
 * A coded value as it is indexed. A coding gives two: by its code alone, and with its system, which may be none
 * (https://hl7.org/fhir/R4/search.html#token).
 */
export function searchToken(options: {
  readonly parameter: 'category' | 'code' | 'status';
  readonly code: string;
  /** Empty: the coding has none. Undefined: whatever it has. */
  readonly system?: string | undefined;
}): string {
  const { parameter, code, system } = options;
  return system === undefined ? `${parameter}=${code}` : `${parameter}=${system}|${code}`;
}
