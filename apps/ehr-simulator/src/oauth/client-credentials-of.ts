import type { Request } from 'express';

export interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: string | undefined;
}

/** client_secret_basic (both halves form-encoded, RFC 6749 2.3.1) or client_secret_post; a public client sends its id only. */
export function clientCredentialsOf(req: Request): ClientCredentials | undefined {
  const basic = /^Basic (.+)$/i.exec(req.get('authorization') ?? '')?.[1];
  if (basic !== undefined) return fromBasic(basic);
  const { client_id: clientId, client_secret: clientSecret } = (req.body ?? {}) as Record<string, string | undefined>;
  return clientId === undefined ? undefined : { clientId, clientSecret };
}

function fromBasic(encoded: string): ClientCredentials | undefined {
  const text = Buffer.from(encoded, 'base64').toString();
  const colon = text.indexOf(':');
  if (colon === -1) return undefined;
  try {
    return { clientId: formDecode(text.slice(0, colon)), clientSecret: formDecode(text.slice(colon + 1)) };
  } catch {
    // Not form-encoded: no credentials we know.
    return undefined;
  }
}

function formDecode(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}
