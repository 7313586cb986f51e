/** A parameter's values: https://hl7.org/fhir/R4/search.html#escaping. The escapes stay, for `withoutEscapes`. */
export function splitAlternatives(value: string): string[] {
  return splitUnescaped(value, ',');
}

/** Splits at a separator that no backslash precedes. */
export function splitUnescaped(value: string, separator: string): string[] {
  const parts = [''];
  for (let at = 0; at < value.length; at++) {
    const character = value.charAt(at);
    if (character === separator) parts.push('');
    else parts[parts.length - 1] += character === '\\' ? character + value.charAt(++at) : character;
  }
  return parts;
}

export function withoutEscapes(value: string): string {
  return value.replace(/\\([\\,|$])/g, '$1');
}
