import { readFileSync } from 'node:fs';
import { CliError } from '../exit-codes.ts';
import { parseJsonFile } from '../read-json-file.ts';

/** The largest published list that is known has 132 MB. */
const mostBytes = 256 * 1024 * 1024;
/** Vendors page by 500 and have some 20,000 endpoints. */
const mostPages = 200;
const timeoutMs = 120_000;

/**
 * Reads the Bundle of a file, or of a URL with its next pages.
 * @throws CliError if it is not a Bundle
 */
export async function loadBundles(source: string): Promise<unknown[]> {
  if (!/^https?:\/\//.test(source)) return [checkBundle(source, readFileSync(source, 'utf8'))];
  const { origin } = new URL(source);
  checkAddress(source);
  const bundles: unknown[] = [];
  let next: string | undefined = source;
  let left = mostBytes;
  while (next !== undefined) {
    if (bundles.length === mostPages) throw new CliError('failed', `${source} has more than ${mostPages} pages.`);
    const text: string = await download(next, left);
    left -= Buffer.byteLength(text);
    const bundle = checkBundle(next, text);
    bundles.push(bundle);
    next = nextOf(bundle, next);
    if (next !== undefined && new URL(next).origin !== origin)
      throw new CliError('failed', `The next page of ${source} is at another origin.`);
  }
  return bundles;
}

/** Hosts of the list get credentials, so no proxy on the way may change it. */
function checkAddress(source: string): void {
  const { protocol, hostname } = new URL(source);
  if (protocol === 'https:' || hostname === '127.0.0.1') return;
  throw new CliError('usage', `${source} is not an https:// URL.`);
}

async function download(url: string, most: number): Promise<string> {
  const signal = AbortSignal.timeout(timeoutMs);
  const response = await fetch(url, { signal, headers: { accept: 'application/fhir+json, application/json' } }).catch(
    () => undefined,
  );
  if (!response?.ok) throw new CliError('failed', `${url} cannot be read (${response?.status ?? 'no answer'}).`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += (chunk as Uint8Array).length;
    if (bytes > most) throw new CliError('failed', `${url} is larger than ${mostBytes / 1024 / 1024} MB.`);
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function checkBundle(file: string, text: string): Readonly<Record<string, unknown>> {
  const content = parseJsonFile({ file, text });
  if ((content as { readonly resourceType?: unknown } | null)?.resourceType !== 'Bundle')
    throw new CliError('failed', `${file} is not a FHIR Bundle. Pass a list that is one with --list.`);
  return content as Readonly<Record<string, unknown>>;
}

function nextOf(bundle: Readonly<Record<string, unknown>>, url: string): string | undefined {
  const links = Array.isArray(bundle.link) ? (bundle.link as readonly { relation?: unknown; url?: unknown }[]) : [];
  const next = links.find((link) => link?.relation === 'next')?.url;
  return typeof next === 'string' ? new URL(next, url).href : undefined;
}
