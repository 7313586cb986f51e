import { enhancedResourceTypes, standardResourceTypes } from '@bulkhead/fhir';
import type { Provider } from './provider.ts';

const syncedTypes: ReadonlySet<string> = new Set([...standardResourceTypes, ...enhancedResourceTypes]);

interface TypeOfProvider {
  readonly provider: Pick<Provider, 'notExported' | 'search'>;
  readonly resourceType: string;
}

/** Whether a bulk export or an enhanced sync can import a type, as far as the provider's facts say. */
export function isImported(options: TypeOfProvider): boolean {
  return whyNotExported(options) === undefined || isSynced(options);
}

function isSynced({ provider, resourceType }: TypeOfProvider): boolean {
  return syncedTypes.has(resourceType) && provider.search?.notByPatient[resourceType] === undefined;
}

/** Says why a bulk export does not contain a type, and in which way it can be imported. Undefined if an export may contain it. */
export function whyNotExported({ provider, resourceType }: TypeOfProvider): string | undefined {
  const { notExported = {} } = provider;
  // `hasOwn`, because names such as `constructor` are not types.
  if (!Object.hasOwn(notExported, resourceType)) return undefined;
  const way = isSynced({ provider, resourceType })
    ? 'Start an enhanced sync, which searches for it by patient.'
    : 'It cannot be imported.';
  return `${notExported[resourceType]}. ${way}`;
}
