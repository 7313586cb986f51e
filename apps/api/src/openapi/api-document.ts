import { type ApiDocument, createApiDocument } from '@bulkhead/http';
import { endpointGroups } from '../endpoints/endpoints.ts';
import { gettingStarted } from './getting-started.ts';
import { webhookCalls } from './webhook-calls.ts';

/** The document of what the API answers itself. */
export function createOwnDocument(): ApiDocument {
  return createApiDocument({ groups: endpointGroups, introduction: gettingStarted, webhooks: webhookCalls });
}

/** One document of both programs. A group that both have, such as that of the documents, is described by one of them. */
export function joinDocuments(own: ApiDocument, served: ApiDocument): ApiDocument {
  const [ownTags = [], servedTags = []] = [own.tags, served.tags];
  const shared = new Map(servedTags.map((tag) => [tag.name, tag]));
  const isShared = ({ name }: { readonly name: string }) => shared.has(name);
  const first = ownTags.findIndex(isShared);
  const only = servedTags.filter(({ name }) => !ownTags.some((tag) => tag.name === name));
  return {
    ...own,
    tags: [...ownTags.slice(0, first), ...only, ...ownTags.slice(first)].map((tag) =>
      tag.description ? tag : (shared.get(tag.name) ?? tag),
    ),
    paths: { ...own.paths, ...served.paths },
    components: {
      ...own.components,
      ...served.components,
      schemas: { ...own.components?.schemas, ...served.components?.schemas },
      headers: { ...own.components?.headers, ...served.components?.headers },
    },
  };
}
