import { createHmac } from 'node:crypto';
import axios, { AxiosError } from 'axios';
import { createEgressGuard, egressRefusal } from '../egress/egress-guard.ts';

/** Receivers should take a call and work afterwards (Standard Webhooks, "Operational considerations": 15 to 30 s). */
const timeoutMs = 15_000;

export type WebhookAnswer = { readonly status: number } | { readonly error: string; readonly isFinal: boolean };

export interface WebhookSender {
  send(options: {
    readonly url: string;
    /** `whsec_` and base64. */
    readonly secret: string;
    readonly id: string;
    readonly body: string;
    readonly now: Date;
    readonly signal: AbortSignal;
  }): Promise<WebhookAnswer>;
  close(): void;
}

/** Calls clients back, signed by the Standard Webhooks scheme (https://www.standardwebhooks.com), through the egress guard. */
export function createWebhookSender({ privateNetwork }: { readonly privateNetwork: boolean }): WebhookSender {
  const guard = createEgressGuard();
  return {
    async send({ url, secret, id, body, now, signal }) {
      try {
        const agents = guard.check({ url, rules: { privateNetwork } });
        const { status } = await axios.post(url, body, {
          ...agents,
          headers: { 'content-type': 'application/json', ...signatureHeaders({ secret, id, body, now }) },
          timeout: timeoutMs,
          // A receiver that moved is told to somebody; a redirect would send what is signed to an address nobody named.
          maxRedirects: 0,
          maxContentLength: 64 * 1024,
          validateStatus: () => true,
          proxy: false,
          signal,
        });
        return { status };
      } catch (error) {
        if (signal.aborted) throw error;
        const refusal = egressRefusal(error);
        if (refusal) return { error: `${refusal.code}: ${String(refusal.context.reason)}`, isFinal: true };
        return { error: error instanceof AxiosError ? (error.code ?? 'no answer') : 'no answer', isFinal: false };
      }
    },
    close: () => guard.close(),
  };
}

/** `webhook-id`, `webhook-timestamp` and `webhook-signature`: HMAC-SHA256 over the three parts that a receiver has. */
export function signatureHeaders(options: {
  readonly secret: string;
  readonly id: string;
  readonly body: string;
  readonly now: Date;
}): Record<string, string> {
  const { secret, id, body, now } = options;
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const timestamp = String(Math.floor(now.getTime() / 1000));
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}
