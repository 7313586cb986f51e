/** A parameter's values: https://hl7.org/fhir/R4/search.html#escaping. The escapes stay, for `withoutEscapes`. */
export function splitAlternatives(value: string): string[] {
  return splitUnescaped(value, ',');
}

/** Splits at a separator that no backslash precedes. */
export function splitUnescaped(value: string, separator: string): string[] {
  const parts = [];
  let start = 0;
  for (let at = 0; at < value.length; at++) {
    if (value[at] === '\\') at++;
    else if (value[at] === separator) {
      parts.push(value.slice(start, at));
      start = at + 1;
    }
  }
  return [...parts, value.slice(start)];
}

export function withoutEscapes(value: string): string {
  return value.replace(/\\([\\,|$])/g, '$1');
}
