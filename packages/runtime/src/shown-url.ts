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
