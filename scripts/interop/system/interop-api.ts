import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectionTest } from '@bulkhead/connections';
import type { BulkExportRequest } from '@bulkhead/fhir';
import type { ExportView } from '@bulkhead/imports/export/commands';
import type { SyncRunView } from '@bulkhead/imports/sync/commands';
import { type ApiClient, createApiClient } from '../../system/api-client.ts';
import { probeConnection } from '../../system/probe-connection.ts';
import { parseWithNumberTexts } from '../compare/number-texts.ts';
import { groupId } from '../data/load-data.ts';

export type ExportLevel = BulkExportRequest['exportType'];

export interface ExportRequest {
  readonly exportType: ExportLevel;
  readonly resourceTypes?: readonly string[];
  readonly since?: 'last';
  readonly cohort?: string;
}

export interface DocumentView {
  readonly id: string;
  readonly index: number;
  readonly source: 'inline' | 'url';
  readonly state: 'pending' | 'downloading' | 'stored' | 'failed' | 'skipped';
  readonly notes: readonly string[];
}

/** An export of all data takes half a minute on two idle cores. */
const timeoutMs = 15 * 60_000;
const intervalMs = 200;

/** Uses the API as a user's program would. */
export class InteropApi {
  readonly #call: ApiClient;
  readonly #baseUrl: string;
  readonly apiKey: string;
  readonly #provider: string;

  constructor(api: { readonly baseUrl: string; readonly apiKey: string; readonly provider: string }) {
    this.#provider = api.provider;
    this.#call = createApiClient(api);
    this.#baseUrl = api.baseUrl;
    this.apiKey = api.apiKey;
  }

  /** Creates a connection. Each check has its own, so that its stored resources are separate. @returns its id */
  async createConnection(environment = 'main'): Promise<string> {
    const body = {
      provider: this.#provider,
      environment,
      practiceId: 'interop',
      groupId,
      schedule: false,
      force: true,
      auth: { method: 'none' },
    };
    return (await this.#call<{ id: string }>('POST', '/api/ehr/connections', body)).id;
  }

  /** The FHIR base URL of a connection. */
  fhirUrl(connectionId: string): string {
    return `${this.#baseUrl}/api/ehr/${this.#provider}/fhir/${connectionId}`;
  }

  /** Sends GET to a FHIR URL. */
  async readFhir(url: string): Promise<unknown> {
    return (await this.#get(url.slice(this.#baseUrl.length), 'application/fhir+json')).json();
  }

  testConnection(id: string): Promise<ConnectionTest> {
    return this.#call('POST', `/api/ehr/connections/${id}/test`);
  }

  probe(connectionId: string) {
    return probeConnection(this.#call, connectionId);
  }

  async watermarkTypes(connectionId: string): Promise<string[]> {
    const path = `/api/ehr/connections/${connectionId}/watermarks`;
    const watermarks = await this.#call<readonly { readonly resourceType: string }[]>('GET', path);
    return watermarks.map(({ resourceType }) => resourceType).sort();
  }

  async setCohort(cohort: {
    readonly connectionId: string;
    readonly name: string;
    readonly patients: readonly string[];
  }): Promise<void> {
    const { connectionId, name, patients } = cohort;
    await this.#call('PUT', `/api/ehr/connections/${connectionId}/cohorts/${name}`, { patients });
  }

  async startExport(connectionId: string, request: ExportRequest): Promise<string> {
    const path = `/api/ehr/${this.#provider}/bulk-export`;
    return (await this.#call<{ id: string }>('POST', path, { connectionId, ...request })).id;
  }

  cancelExport(id: string): Promise<ExportView> {
    return this.#call('DELETE', `/api/ehr/${this.#provider}/bulk-export/${id}`);
  }

  /** Waits until an export has the wanted state. */
  exportThat(id: string, isWanted: (view: ExportView) => boolean): Promise<ExportView> {
    const path = `/api/ehr/${this.#provider}/bulk-export/${id}`;
    return this.#until(() => this.#call<ExportView>('GET', path), isWanted);
  }

  /** Returns the types of which an export stored unchanged resources. */
  async unchangedTypes(id: string): Promise<string[]> {
    const path = `/api/ehr/${this.#provider}/bulk-export/${id}/files`;
    const files = await this.#call<readonly { readonly type: string; readonly unchanged: number }[]>('GET', path);
    return [...new Set(files.filter(({ unchanged }) => unchanged > 0).map(({ type }) => type))].sort();
  }

  /** Starts an export and waits for its end. */
  async runExport(connectionId: string, request: ExportRequest): Promise<ExportView> {
    const id = await this.startExport(connectionId, request);
    return this.exportThat(id, ({ status }) => status !== 'IN_PROGRESS');
  }

  /** Syncs all stored patients and waits for the end. */
  async runSync(connectionId: string): Promise<SyncRunView> {
    const started = await this.#call<{ id: string }>('POST', `/api/ehr/${this.#provider}/enhanced-sync`, {
      connectionId,
    });
    const path = `/api/ehr/${this.#provider}/sync-runs/${started.id}`;
    return this.#until(
      () => this.#call<SyncRunView>('GET', path),
      ({ status }) => status !== 'IN_PROGRESS',
    );
  }

  /** Returns the documents of a resource after all of them have been processed. */
  documentsOf(connectionId: string, resourceId: string): Promise<readonly DocumentView[]> {
    const path = `/api/ehr/${this.#provider}/documents?connectionId=${connectionId}&resourceId=${resourceId}`;
    return this.#until(
      () => this.#call<readonly DocumentView[]>('GET', path),
      (documents) =>
        documents.length > 0 && documents.every(({ state }) => state !== 'pending' && state !== 'downloading'),
    );
  }

  async documentBytes(id: string): Promise<Buffer> {
    return Buffer.from(await (await this.#get(`/api/ehr/${this.#provider}/documents/${id}`, '*/*')).arrayBuffer());
  }

  /** Returns every stored resource of a type by its id, with its numbers as texts. */
  async stored(connectionId: string, type: string): Promise<Map<string, unknown>> {
    const resources = (await this.#lines(connectionId, type, '')).map(parseWithNumberTexts) as {
      readonly id: string;
    }[];
    return new Map(resources.map((resource) => [resource.id, resource]));
  }

  /** Returns the ids of the resources that a search finds, sorted. */
  async searchIds(connectionId: string, type: string, query: string): Promise<string[]> {
    const lines = await this.#lines(connectionId, type, `&${query}`);
    return lines.map((line) => (JSON.parse(line) as { readonly id: string }).id).sort();
  }

  /** Returns a stored resource as the API serves it. */
  async resourceText(connectionId: string, type: string, id: string): Promise<string> {
    const path = `/api/ehr/${this.#provider}/resources/${type}/${id}?connectionId=${connectionId}`;
    return (await this.#get(path, 'application/fhir+json')).text();
  }

  async #lines(connectionId: string, type: string, query: string): Promise<string[]> {
    const path = `/api/ehr/${this.#provider}/resources/${type}?connectionId=${connectionId}${query}`;
    const text = await (await this.#get(path, 'application/fhir+ndjson')).text();
    return text.split('\n').filter(Boolean);
  }

  async #get(path: string, accept: string): Promise<Response> {
    const headers = { accept, authorization: `Bearer ${this.apiKey}` };
    const response = await fetch(`${this.#baseUrl}${path}`, { headers });
    if (!response.ok) throw new Error(`${path}: HTTP ${response.status} ${await response.text()}`);
    return response;
  }

  async #until<View>(read: () => Promise<View>, isWanted: (view: View) => boolean): Promise<View> {
    const deadlineMs = performance.now() + timeoutMs;
    for (;;) {
      const view = await read();
      if (isWanted(view)) return view;
      if (performance.now() > deadlineMs)
        throw new Error(`waited ${timeoutMs / 60_000} minutes: ${JSON.stringify(view)}`);
      await delay(intervalMs);
    }
  }
}
