/** An error of RFC 6749, section 5.2. */
export class OAuthError extends Error {
  readonly status: number;
  readonly code: string;

  constructor({
    status = 400,
    code,
    text,
  }: { readonly status?: number; readonly code: string; readonly text: string }) {
    super(text);
    this.name = 'OAuthError';
    this.status = status;
    this.code = code;
  }
}
