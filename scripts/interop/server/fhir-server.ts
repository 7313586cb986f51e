import { parseWithNumberTexts } from '../compare/number-texts.ts';
import { readSearch, type SearchResult } from '../searches/read-search.ts';

/** A resource whose numbers are strings, see `parseWithNumberTexts`. */
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
/** The server's own page limit. A search that it does not store has only one page, even if it finds more. */
const unstoredLimit = 50;

/** Sends requests to the server under test. Bodies are texts, so that no number changes on the way. */
export class FhirServer {
  readonly url: string;

  readonly #headers: Readonly<Record<string, string>>;

  /** @param headers of every request, such as a token */
  constructor(url: string, headers: Readonly<Record<string, string>> = {}) {
    this.url = url;
    this.#headers = headers;
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

  /** Returns the resource's text from the server. */
  read(path: string): Promise<string> {
    return this.#send('GET', `${this.url}/${path}`);
  }

  /** Returns what a search finds and includes. */
  async search(query: string): Promise<SearchResult> {
    const url = `${this.url}/${query}&_count=${unstoredLimit}`;
    const read = async (page: string, headers = {}) => JSON.parse(await this.#send('GET', page, { headers }));
    // A search that the server does not store takes half the time.
    const unstored = await readSearch(url, (page) => read(page, { 'cache-control': 'no-store' }));
    const entries = unstored.matches.length + unstored.included.size;
    return entries < unstoredLimit ? unstored : readSearch(url, read);
  }

  /** Returns the first resources of a type, in the server's order. */
  async firstOf(type: string, count: number): Promise<string[]> {
    const page = (await this.#page(`${this.url}/${type}?_count=${count}`)).entry ?? [];
    return Promise.all(page.slice(0, count).map(({ resource }) => this.read(`${type}/${resource.id}`)));
  }

  /** Returns every resource of a type by its id. Reads the pages of a search. */
  all(type: string): Promise<Map<string, ServedResource>> {
    return this.#resources(`${this.url}/${type}?_count=${pageSize}`);
  }

  async #resources(firstUrl: string): Promise<Map<string, ServedResource>> {
    const resources = new Map<string, ServedResource>();
    let url: string | undefined = firstUrl;
    while (url !== undefined) {
      const page: Page = await this.#page(url);
      for (const { resource } of page.entry ?? []) resources.set(resource.id, resource);
      url = page.link.find(({ relation }) => relation === 'next')?.url;
    }
    return resources;
  }

  /** Returns the names of the search parameters that the server declares for each type. */
  async searchParameters(): Promise<Map<string, ReadonlySet<string>>> {
    const statement = JSON.parse(await this.#send('GET', `${this.url}/metadata`)) as CapabilityStatement;
    const resources = statement.rest.flatMap(({ resource }) => resource);
    return new Map(resources.map(({ type, searchParam = [] }) => [type, new Set(searchParam.map(({ name }) => name))]));
  }

  /** Returns the ids of the resources that a search finds. */
  async searchIds(type: string, query: string): Promise<string[]> {
    const url = `${this.url}/${type}?${query}&_elements=id`;
    // A search that the server does not store takes half the time.
    const unstored = await this.#page(`${url}&_count=${unstoredLimit}`, { 'cache-control': 'no-store' });
    const ids = (unstored.entry ?? []).map(({ resource }) => resource.id);
    return ids.length < unstoredLimit ? ids : [...(await this.#resources(`${url}&_count=${pageSize}`)).keys()];
  }

  /** Returns the status of a GET, also of an error. */
  async statusOf(url: string): Promise<number> {
    const response = await fetch(url);
    await response.body?.cancel();
    return response.status;
  }

  /** Returns the body of the answer to a kick-off, also of an error. */
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
    const json = 'application/fhir+json';
    const headers = { 'content-type': json, accept: json, ...this.#headers, ...more };
    const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${url}: HTTP ${response.status} ${text.slice(0, 500)}`);
    return text;
  }
}
