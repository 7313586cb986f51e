type Reviver = (name: string, value: unknown, context: { readonly source?: string }) => unknown;

/** TypeScript's library does not declare the reviver's third argument yet. */
const parse = JSON.parse as (text: string, reviver: Reviver) => unknown;

/**
 * Like `JSON.parse`, but each number becomes a string of its original digits, so `1.50` and `1.5` differ. The NUL before
 * the digits distinguishes a number from a string with the same digits.
 */
export function parseWithNumberTexts(text: string): unknown {
  return parse(text, (_name, value, { source }) => (typeof value === 'number' ? `\0${source ?? value}` : value));
}
