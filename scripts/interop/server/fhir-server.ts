import { parseWithNumberTexts } from '../compare/number-texts.ts';

/** A resource whose numbers are texts, see `parseWithNumberTexts`. */
export interface ServedResource {
  readonly resourceType: string;
  readonly id: string;
  readonly [name: string]: unknown;
}

interface Page {
  readonly entry?: readonly { readonly resource: ServedResource }[];
  readonly link: readonly { readonly relation: string; readonly url: string }[];
}

interface CapabilityStatement {
  readonly rest: readonly {
    readonly resource: readonly {
      readonly type: string;
      readonly searchParam?: readonly { readonly name: string }[];
    }[];
  }[];
}

const pageSize = 500;
/** The server's own limit of a page. A search that it does not store has one page, even if more is found. */
const unstoredLimit = 50;

/** Requests to the server under test, sent as texts, so that no number changes on the way. */
export class FhirServer {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  /** @param text the resource as JSON, with its id */
  async put(path: string, text: string): Promise<void> {
    await this.#send('PUT', `${this.url}/${path}`, { body: text });
  }

  async delete(path: string): Promise<void> {
    await this.#send('DELETE', `${this.url}/${path}`);
  }

  /** Stores resources under their own ids, all or none. */
  async putAll(resources: readonly { readonly path: string; readonly text: string }[]): Promise<void> {
    const entries = resources.map(
      ({ path, text }) => `{"resource":${text},"request":{"method":"PUT","url":${JSON.stringify(path)}}}`,
    );
    const body = `{"resourceType":"Bundle","type":"transaction","entry":[${entries}]}`;
    await this.#send('POST', this.url, { body });
  }

  /** The resource's text as the server has it. */
  read(path: string): Promise<string> {
    return this.#send('GET', `${this.url}/${path}`);
  }

  /** The first resources of a type, in the server's order. */
  async firstOf(type: string, count: number): Promise<string[]> {
    const page = (await this.#page(`${this.url}/${type}?_count=${count}`)).entry ?? [];
    return Promise.all(page.slice(0, count).map(({ resource }) => this.read(`${type}/${resource.id}`)));
  }

  /** Every resource of a type by its id, read by search pages. */
  all(type: string): Promise<Map<string, ServedResource>> {
    return this.#resources(`${this.url}/${type}?_count=${pageSize}`);
  }

  async #resources(firstUrl: string): Promise<Map<string, ServedResource>> {
    const found = new Map<string, ServedResource>();
    let url: string | undefined = firstUrl;
    while (url !== undefined) {
      const page: Page = await this.#page(url);
      for (const { resource } of page.entry ?? []) found.set(resource.id, resource);
      url = page.link.find(({ relation }) => relation === 'next')?.url;
    }
    return found;
  }

  /** The names of the search parameters that the server says to have for each type. */
  async searchParameters(): Promise<Map<string, ReadonlySet<string>>> {
    const statement = JSON.parse(await this.#send('GET', `${this.url}/metadata`)) as CapabilityStatement;
    const resources = statement.rest.flatMap(({ resource }) => resource);
    return new Map(resources.map(({ type, searchParam = [] }) => [type, new Set(searchParam.map(({ name }) => name))]));
  }

  /** The ids of the resources that a search finds. */
  async searchIds(type: string, query: string): Promise<string[]> {
    const url = `${this.url}/${type}?${query}&_elements=id`;
    // A search that is not stored for further pages takes half the time.
    const unstored = await this.#page(`${url}&_count=${unstoredLimit}`, { 'cache-control': 'no-store' });
    const ids = (unstored.entry ?? []).map(({ resource }) => resource.id);
    return ids.length < unstoredLimit ? ids : [...(await this.#resources(`${url}&_count=${pageSize}`)).keys()];
  }

  /** The status of a GET, whatever it is. */
  async statusOf(url: string): Promise<number> {
    const response = await fetch(url);
    await response.body?.cancel();
    return response.status;
  }

  /** What the server answers to a kick-off, whatever its status is. */
  async kickOffText(path: string): Promise<string> {
    const response = await fetch(`${this.url}/${path}`, {
      headers: { accept: 'application/fhir+json', prefer: 'respond-async' },
    });
    return response.text();
  }

  async #page(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Page> {
    return parseWithNumberTexts(await this.#send('GET', url, { headers })) as Page;
  }

  async #send(
    method: string,
    url: string,
    { body, headers: more = {} }: { readonly body?: string; readonly headers?: Readonly<Record<string, string>> } = {},
  ): Promise<string> {
    const headers = { 'content-type': 'application/fhir+json', accept: 'application/fhir+json', ...more };
    const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${url}: HTTP ${response.status} ${text.slice(0, 500)}`);
    return text;
  }
}
