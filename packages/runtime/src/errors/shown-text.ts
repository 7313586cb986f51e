/** Enough for an OperationOutcome's sentence; a page of HTML says no more in its first lines. */
const maxCharacters = 500;
/** More than `maxCharacters` of text in any encoding and markup; the rest is not even looked at. */
const maxInput = 10_000;

/**
 * Text that an EHR sent, made safe to show to an operator: one line, bounded, without markup, control characters and
 * characters that change the direction of text or have no width. It may still hold patient data, so it is never logged.
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

/** Without its user name, query and fragment. The query of a signed link is the right to read the file. */
export function withoutSecrets(url: string): string {
  return url.replace(/[?#].*$/s, '').replace(/\/\/[^/@]*@/, '//');
}

/** A link that opens the file without a token is a secret, so it is shown whole only to a reader who asks for it. */
export function shownUrl(
  { url, requiresAccessToken }: { readonly url: string; readonly requiresAccessToken: boolean },
  { withSignedUrls = false }: { readonly withSignedUrls?: boolean | undefined },
): string {
  return requiresAccessToken || withSignedUrls ? url : withoutSecrets(url);
}
