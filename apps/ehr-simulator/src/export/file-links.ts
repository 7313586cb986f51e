import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { OutcomeError } from '../http/outcome.ts';
import type { Clock } from '../options/clock.ts';
import type { SimulatorOptions } from '../options/options.ts';
import type { BulkExport } from './bulk-export.ts';

interface FileKey {
  readonly exportId: string;
  readonly fileName: string;
}

/** Creates and checks links to output files. They are signed, because a file may need no token, and they may expire. */
export class FileLinks {
  readonly #options: SimulatorOptions;
  readonly #clock: Clock;
  readonly #secret = randomBytes(16);
  /** Part of every link. Links of an earlier generation are expired. */
  #generation = 0;

  constructor({ options, clock }: { readonly options: SimulatorOptions; readonly clock: Clock }) {
    this.#options = options;
    this.#clock = clock;
  }

  /** When a link that is created now expires. */
  expiresAtMs(): number | undefined {
    const { fileExpirySeconds } = this.#options;
    return fileExpirySeconds === undefined ? undefined : this.#clock.now() + fileExpirySeconds * 1000;
  }

  url(options: { readonly base: string; readonly bulkExport: BulkExport; readonly fileName: string }): string {
    const { base, bulkExport, fileName } = options;
    const url = `${base}/bulkdata/${bulkExport.id}/${fileName}`;
    const generation = String(this.#generation);
    const expires = String(this.expiresAtMs() ?? '');
    const signature = this.#sign({ exportId: bulkExport.id, fileName, generation, expires });
    return `${url}?${new URLSearchParams({ generation, expires, signature })}`;
  }

  /** Expires every link that was issued so far. The manifest then has new ones. */
  expireAll(): void {
    this.#generation += 1;
  }

  /** @throws OutcomeError 403 for a link that was never issued, 410 (or 403) for an expired one. */
  check({ query, ...key }: FileKey & { readonly query: Readonly<Record<string, unknown>> }): void {
    const generation = String(query.generation ?? '');
    const expires = String(query.expires ?? '');
    const expected = Buffer.from(this.#sign({ ...key, generation, expires }));
    const signature = Buffer.from(String(query.signature ?? ''));
    if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) {
      throw new OutcomeError({ status: 403, code: 'forbidden', text: 'The signature of the link is not valid.' });
    }
    const isExpired =
      generation !== String(this.#generation) || (expires !== '' && Number(expires) <= this.#clock.now());
    if (!isExpired) return;
    throw new OutcomeError({ status: this.#options.expiredFileStatus, code: 'expired', text: 'The link has expired.' });
  }

  #sign(link: FileKey & { readonly generation: string; readonly expires: string }): string {
    const text = [link.exportId, link.fileName, link.generation, link.expires].join('\n');
    return createHmac('sha256', this.#secret).update(text).digest('base64url');
  }
}

/** Whether files need a token. Files on another origin have signed links, because a token sent there would be leaked. */
export function filesNeedToken({ requiresAccessToken, separateFileHost }: SimulatorOptions): boolean {
  return requiresAccessToken && !separateFileHost;
}
