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

const pageSize = 500;

/** Requests to the server under test, sent as texts, so that no number changes on the way. */
export class FhirServer {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  /** @param text the resource as JSON, with its id */
  async put(path: string, text: string): Promise<void> {
    await this.#send('PUT', `${this.url}/${path}`, text);
  }

  async delete(path: string): Promise<void> {
    await this.#send('DELETE', `${this.url}/${path}`);
  }

  /** Stores resources under their own ids, all or none. */
  async putAll(resources: readonly { readonly path: string; readonly text: string }[]): Promise<void> {
    const entries = resources.map(
      ({ path, text }) => `{"resource":${text},"request":{"method":"PUT","url":${JSON.stringify(path)}}}`,
    );
    await this.#send('POST', this.url, `{"resourceType":"Bundle","type":"transaction","entry":[${entries}]}`);
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
  async all(type: string): Promise<Map<string, ServedResource>> {
    const found = new Map<string, ServedResource>();
    let url: string | undefined = `${this.url}/${type}?_count=${pageSize}`;
    while (url !== undefined) {
      const page: Page = await this.#page(url);
      for (const { resource } of page.entry ?? []) found.set(resource.id, resource);
      url = page.link.find(({ relation }) => relation === 'next')?.url;
    }
    return found;
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

  async #page(url: string): Promise<Page> {
    return parseWithNumberTexts(await this.#send('GET', url)) as Page;
  }

  async #send(method: string, url: string, body?: string): Promise<string> {
    const headers = { 'content-type': 'application/fhir+json', accept: 'application/fhir+json' };
    const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${url}: HTTP ${response.status} ${text.slice(0, 500)}`);
    return text;
  }
}
