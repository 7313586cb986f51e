import { setTimeout as delay } from 'node:timers/promises';
import { ApiError } from '../system/api-client.ts';
import type { TestSystem } from '../test-system/start-test-system.ts';

interface Manifest {
  readonly transactionTime: string;
  readonly output: readonly File[];
  readonly deleted: readonly File[];
}

interface File {
  readonly url: string;
}

interface Deletions {
  readonly entry: readonly { readonly request: { readonly url: string } }[];
}

interface Source {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly provider: string;
  readonly connectionId: string;
}

/** A copy that is kept by exports of the store without `_type`, one after the other, as a Bulk Data client does. */
export class ExportCopy {
  readonly #source: Source;
  readonly #resources = new Map<string, string>();
  #since: string | undefined;
  #exports = 0;

  constructor(source: Source) {
    this.#source = source;
  }

  /** JSON by reference. */
  get resources(): ReadonlyMap<string, string> {
    return this.#resources;
  }

  /** The number of exports that were read to their end. */
  get exports(): number {
    return this.#exports;
  }

  /** Reads an export since the last one. One that fails changes nothing. */
  async read(): Promise<void> {
    const { baseUrl, provider, connectionId } = this.#source;
    const window = this.#since === undefined ? '' : `?_since=${this.#since}`;
    const started = await this.#get(`${baseUrl}/api/ehr/${provider}/fhir/${connectionId}/$export${window}`, {
      prefer: 'respond-async',
    });
    const manifest = (await (await this.#get(started.headers.get('content-location') ?? '')).json()) as Manifest;
    const stored = await this.#linesOf(manifest.output);
    // They are read last: a resource that was deleted meanwhile is in both.
    const deleted = await this.#linesOf(manifest.deleted);
    for (const line of stored) {
      const { resourceType, id } = JSON.parse(line) as { readonly resourceType: string; readonly id: string };
      this.#resources.set(`${resourceType}/${id}`, line);
    }
    for (const line of deleted) {
      for (const { request } of (JSON.parse(line) as Deletions).entry) this.#resources.delete(request.url);
    }
    this.#since = manifest.transactionTime;
    this.#exports += 1;
  }

  async #get(url: string, headers: Readonly<Record<string, string>> = {}) {
    const authorization = `Bearer ${this.#source.apiKey}`;
    const response = await fetch(url, { headers: { accept: 'application/fhir+json', authorization, ...headers } });
    const { ok, status } = response;
    if (!ok) throw new ApiError({ status, code: 'export', message: `${status} for ${url}: ${await response.text()}` });
    return response;
  }

  async #linesOf(files: readonly File[]) {
    const lines: string[] = [];
    for (const { url } of files) {
      const response = await this.#get(url, { accept: 'application/fhir+ndjson' });
      lines.push(...(await response.text()).split('\n').filter(Boolean));
    }
    return lines;
  }
}

/**
 * Reads exports all the time. One that fails is started again from the same time.
 * @param options.onStart called before an export. What it returns is called when the export was read to its end
 */
export function followExports(options: {
  readonly system: Pick<TestSystem, 'baseUrl' | 'apiKey' | 'connectionId'>;
  readonly onStart: () => (resources: ReadonlyMap<string, string>) => void;
}) {
  const { system, onStart } = options;
  const copy = new ExportCopy({ ...system, provider: 'athenahealth' });
  const stopping = new AbortController();
  const readExport = async () => {
    const onEnd = onStart();
    await copy.read();
    onEnd(copy.resources);
  };
  const run = async () => {
    // The servers are killed at any time.
    while (!stopping.signal.aborted) await readExport().catch(() => delay(100));
  };
  const running = run();
  return {
    copy,
    async stop(): Promise<void> {
      stopping.abort();
      await running;
    },
  };
}
