import { createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { AppError } from '@bulkhead/base';
import type { EgressProxy } from '@bulkhead/base/egress';
import {
  connectionFailureOf,
  connectionRemedy,
  createEgressGuard,
  drain,
  egressRefusal,
  endIfSilent,
} from '@bulkhead/base/egress';
import axios, { AxiosError } from 'axios';

/** Receivers should accept a call and process it afterwards (Standard Webhooks, "Operational considerations": 15 to 30 s). */
const defaultTimeoutMs = 15_000;

export type WebhookSender = ReturnType<typeof createWebhookSender>;

type WebhookAnswer = { readonly status: number } | { readonly error: string; readonly isFinal: boolean };

/**
 * Sends webhooks, signed by the Standard Webhooks scheme (https://www.standardwebhooks.com), through the egress guard. Operators and
 * users read the `error` of an answer.
 */
export function createWebhookSender(options: {
  readonly privateNetwork: boolean;
  readonly proxy?: EgressProxy | undefined;
  /** How long a receiver may take to answer. */
  readonly timeoutMs?: number;
}) {
  const { privateNetwork, proxy, timeoutMs = defaultTimeoutMs } = options;
  const guard = createEgressGuard({ proxy });
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
        const { status, data } = await axios.post<IncomingMessage>(url, body, {
          ...agents,
          headers: { 'content-type': 'application/json', ...signatureHeaders(options) },
          timeout: timeoutMs,
          // A redirect would send signed data to a URL that was not configured. Users change the URL if a receiver moves.
          maxRedirects: 0,
          // The status says whether the call is accepted. What follows is not read, and its faults do not matter.
          responseType: 'stream',
          decompress: false,
          validateStatus: () => true,
          signal,
        });
        endIfSilent(data, timeoutMs);
        drain(data);
        return { status };
      } catch (error) {
        if (signal.aborted) throw error;
        const refusal = egressRefusal(error);
        if (refusal) return { error: refusalText(refusal), isFinal: true };
        const code = connectionFailureOf(error) ?? 'UNKNOWN';
        // The name that Axios has for its own time limit says nothing to a person.
        const isTimeout = code === AxiosError.ECONNABORTED;
        return {
          error: isTimeout
            ? `The receiver did not respond within ${timeoutMs / 1000} s.`
            : `The receiver could not be reached (${code}). ${connectionRemedy(code)}`,
          isFinal: false,
        };
      }
    },
    close: () => guard.close(),
  };
}

function refusalText({ context }: AppError): string {
  return `No call was sent: ${String(context.reason)}. Set a public https URL, or with WORKER_WEBHOOK_PRIVATE_NETWORK also an http or private one. Then resend the call.`;
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
