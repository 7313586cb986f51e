type Reviver = (name: string, value: unknown, context: { readonly source?: string }) => unknown;

/** TypeScript's library does not know the reviver's third argument yet. */
const parse = JSON.parse as (text: string, reviver: Reviver) => unknown;

/**
 * `JSON.parse`, except that each number becomes a text of its digits as they were written: `1.50` and `1.5` differ. The NUL
 * before it keeps a number apart from a string of the same digits.
 */
export function parseWithNumberTexts(text: string): unknown {
  return parse(text, (_name, value, { source }) => (typeof value === 'number' ? `\0${source ?? value}` : value));
}
