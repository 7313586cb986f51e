import { endpointGroup } from '../../http/endpoint-group.ts';
import { listResourceSources } from './list-resource-sources.endpoint.ts';
import { readResource } from './read-resource.endpoint.ts';
import { searchResources } from './search-resources.endpoint.ts';

export const resourceEndpoints = endpointGroup({
  name: 'Resources',
  description: 'What is stored, as the EHR sent it: docs/reading-resources.md.',
  endpoints: [searchResources, readResource, listResourceSources],
});
