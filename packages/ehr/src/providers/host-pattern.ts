import { getPublicSuffix } from 'tldts';
import { z } from 'zod';

/** Clouds whose customers have hosts at several depths. The Public Suffix List has only some of the names below them. */
const sharedDomains = [
  'amazonaws.com',
  'amazonaws.com.cn',
  'azure.com',
  'azurewebsites.net',
  'fastly.net',
  'googleapis.com',
  'on.aws',
  'scw.cloud',
  'windows.net',
];
const hostName = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/;

/** Why a text is not a host, or `*.` and the domain of one organization. A wider pattern would send credentials to others. */
export function hostPatternFault(pattern: string): string | undefined {
  const isWild = pattern.startsWith('*.');
  const domain = isWild ? pattern.slice(2) : pattern;
  if (!hostName.test(domain))
    return 'must be a host such as ehr.example.org, or *.ehr.example.org for all hosts below it';
  if (!isWild) return undefined;
  const isShared = sharedDomains.some((shared) => domain === shared || domain.endsWith(`.${shared}`));
  // Below a public suffix (publicsuffix.org, with its private part), everyone can have a host.
  if (!isShared && getPublicSuffix(domain, { allowPrivateDomains: true }) !== domain) return undefined;
  return 'is too wide: hosts of others are below it too';
}

/** An origin. Patterns are refused, because a token is sent to each origin. */
export const originSchema = z
  .string()
  .refine((text) => originFault(text) === undefined, { error: ({ input }) => originFault(String(input)) });

/** Why a text is not an origin. */
function originFault(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.origin === text && /^https?:$/.test(url.protocol) && !url.hostname.includes('*')) return undefined;
  return 'must be an origin without a path, such as https://files.example.org or http://10.0.0.1:8080';
}
