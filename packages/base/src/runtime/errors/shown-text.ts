/** Enough for the sentence of an OperationOutcome. The first lines of an HTML page say no more than this. */
const maxCharacters = 500;
/** More than `maxCharacters` of text in any encoding and markup. The rest is not read. */
const maxInput = 10_000;

/**
 * Makes text that an EHR sent safe to show to an operator: one bounded line without markup, control characters, and characters that
 * change the direction of text or have no width. It may still contain patient data, so it is never logged.
 * @returns undefined if nothing is left
 */
export function toEhrText(text: string): string | undefined {
  const line = text
    .slice(0, maxInput)
    .replace(/<[^<>]{0,200}>/g, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim();
  if (line === '') return undefined;
  return line.length > maxCharacters ? `${line.slice(0, maxCharacters - 1)}…` : line;
}

/** Removes the user name, the query and the fragment. The query of a signed link grants access to the file. */
export function withoutSecrets(url: string): string {
  return url.replace(/[?#].*$/s, '').replace(/\/\/[^/@]*@/, '//');
}

/** A link that opens the file without a token is a secret, so readers see all of it only if they ask for it. */
export function shownUrl(
  { url, requiresAccessToken }: { readonly url: string; readonly requiresAccessToken: boolean },
  { withSignedUrls = false }: { readonly withSignedUrls?: boolean | undefined },
): string {
  return requiresAccessToken || withSignedUrls ? url : withoutSecrets(url);
}

/**
 * The code of an error, such as ECONNREFUSED. The code of an error reply of Redis is its first word, such as OOM or READONLY.
 * The other words may quote a command.
 */
export function errorCode(error: Error): unknown {
  const { code } = error as { readonly code?: unknown };
  return code ?? (error.name === 'ReplyError' ? /^[A-Z]+(?= |$)/.exec(error.message)?.[0] : undefined);
}
