import axios from 'axios';
import type { EgressGuard, EgressRules } from './egress-guard.ts';

/** A set of keys has a few kilobytes. */
const maxBytes = 100_000;
const timeoutMs = 10_000;

/** Reads the JSON at a URL under the rules, without following redirects. @throws if it cannot be read */
export async function readJson(options: {
  readonly guard: EgressGuard;
  readonly rules: EgressRules;
  readonly url: string;
}): Promise<unknown> {
  const { guard, ...target } = options;
  const { data } = await axios.get<unknown>(target.url, {
    ...guard.check(target),
    responseType: 'json',
    headers: { accept: 'application/json' },
    maxRedirects: 0,
    maxContentLength: maxBytes,
    timeout: timeoutMs,
    signal: AbortSignal.timeout(timeoutMs),
  });
  return data;
}
