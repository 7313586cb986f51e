import { z } from 'zod';

/** Below these domains everyone can have a host. The list of all of them (publicsuffix.org) is longer: it is the operator who vouches for a pattern. */
const sharedDomains = [
  'amazonaws.com',
  'appspot.com',
  'azurewebsites.net',
  'cloudapp.net',
  'cloudfront.net',
  'github.io',
  'herokuapp.com',
  'netlify.app',
  'ngrok.io',
  'pages.dev',
  'run.app',
  'vercel.app',
  'web.app',
  'windows.net',
  'workers.dev',
];
/** `co.uk` and others: in a domain of a country, a short name before it is usually one for everyone. */
const countrySuffix = /^(?:ac|co|com|edu|gov|gob|go|mil|ne|net|nhs|or|org)\.[a-z]{2}$/;
const hostName = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/;

/** Why a text is not a host, or `*.` and the domain of one organization. A wider pattern would send credentials to others. */
export function hostPatternFault(pattern: string): string | undefined {
  const isWild = pattern.startsWith('*.');
  const domain = isWild ? pattern.slice(2) : pattern;
  if (!hostName.test(domain))
    return 'must be a host such as ehr.example.org, or *.ehr.example.org for all hosts below it';
  if (!isWild) return undefined;
  const isShared = sharedDomains.some((shared) => domain === shared || domain.endsWith(`.${shared}`));
  if (!isShared && !countrySuffix.test(domain)) return undefined;
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
