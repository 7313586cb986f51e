import { createHmac } from 'node:crypto';
import axios, { AxiosError } from 'axios';
import { createEgressGuard, egressRefusal } from '../egress/egress-guard.ts';

/** Receivers should accept a call and process it afterwards (Standard Webhooks, "Operational considerations": 15 to 30 s). */
const timeoutMs = 15_000;

export type WebhookSender = ReturnType<typeof createWebhookSender>;

type WebhookAnswer = { readonly status: number } | { readonly error: string; readonly isFinal: boolean };

/** Sends webhooks, signed by the Standard Webhooks scheme (https://www.standardwebhooks.com), through the egress guard. */
export function createWebhookSender({ privateNetwork }: { readonly privateNetwork: boolean }) {
  const guard = createEgressGuard();
  return {
    async send(options: {
      readonly url: string;
      /** `whsec_` followed by base64. */
      readonly secret: string;
      readonly id: string;
      readonly body: string;
      readonly now: Date;
      readonly signal: AbortSignal;
    }): Promise<WebhookAnswer> {
      const { url, body, signal } = options;
      try {
        const agents = guard.check({ url, rules: { privateNetwork } });
        const { status } = await axios.post(url, body, {
          ...agents,
          headers: { 'content-type': 'application/json', ...signatureHeaders(options) },
          timeout: timeoutMs,
          // A redirect would send signed data to a URL that was not configured. Users change the URL if a receiver moves.
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

/** Signs the three parts that a receiver gets with HMAC-SHA256: `webhook-id`, `webhook-timestamp` and the body. */
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
