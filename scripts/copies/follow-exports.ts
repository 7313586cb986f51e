import { setTimeout as delay } from 'node:timers/promises';
import type { TemporarySystem } from '../test-system/start-temporary-system.ts';

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

export interface ExportCopy {
  /** JSON by reference. */
  readonly resources: ReadonlyMap<string, string>;
  /** The number of exports that were read to their end. */
  readonly exports: number;
  stop(): Promise<void>;
}

/**
 * Keeps a copy by exports of the store without `_type`, one after the other, as a Bulk Data client does. An export that fails is started
 * again from the same time.
 * @param options.onStart called before an export. What it returns is called when the export was read to its end
 */
export function followExports(options: {
  readonly system: Pick<TemporarySystem, 'baseUrl' | 'apiKey' | 'connectionId'>;
  readonly onStart: () => (resources: ReadonlyMap<string, string>) => void;
}): ExportCopy {
  const { system, onStart } = options;
  const resources = new Map<string, string>();
  const stopping = new AbortController();
  let since: string | undefined;
  let exports = 0;

  const get = async (url: string, headers: Readonly<Record<string, string>> = {}) => {
    const authorization = `Bearer ${system.apiKey}`;
    const response = await fetch(url, { headers: { accept: 'application/fhir+json', authorization, ...headers } });
    if (!response.ok) throw new Error(`${response.status}`);
    return response;
  };
  const linesOf = async (files: readonly File[]) => {
    const lines: string[] = [];
    for (const { url } of files) {
      const response = await get(url, { accept: 'application/fhir+ndjson' });
      lines.push(...(await response.text()).split('\n').filter(Boolean));
    }
    return lines;
  };
  const readExport = async () => {
    const { baseUrl, connectionId } = system;
    const window = since === undefined ? '' : `?_since=${since}`;
    const onEnd = onStart();
    const started = await get(`${baseUrl}/api/ehr/athenahealth/fhir/${connectionId}/$export${window}`, {
      prefer: 'respond-async',
    });
    const manifest = (await (await get(started.headers.get('content-location') ?? '')).json()) as Manifest;
    const stored = await linesOf(manifest.output);
    // They are read last: a resource that was deleted meanwhile is in both.
    const deleted = await linesOf(manifest.deleted);
    for (const line of stored) {
      const { resourceType, id } = JSON.parse(line) as { readonly resourceType: string; readonly id: string };
      resources.set(`${resourceType}/${id}`, line);
    }
    for (const line of deleted) {
      for (const { request } of (JSON.parse(line) as Deletions).entry) resources.delete(request.url);
    }
    since = manifest.transactionTime;
    exports += 1;
    onEnd(resources);
  };
  const run = async () => {
    // The servers are killed at any time.
    while (!stopping.signal.aborted) await readExport().catch(() => delay(100));
  };
  const running = run();
  return {
    resources,
    get exports() {
      return exports;
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
