/** An error of RFC 6749, section 5.2. */
export class OAuthError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(options: { readonly status?: number; readonly code: string; readonly text: string }) {
    const { status = 400, code, text } = options;
    super(text);
    this.name = 'OAuthError';
    this.status = status;
    this.code = code;
  }
}
