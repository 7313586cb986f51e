import type { Provider } from './provider.ts';

/** What is known of the exports of a type, if something speaks against them. A note beside a request, because the EHR decides. */
export function exportNote(options: {
  readonly provider: Pick<Provider, 'notExported'>;
  readonly resourceType: string;
}): string | undefined {
  const { provider, resourceType } = options;
  const { notExported = {} } = provider;
  // `hasOwn`, because names such as `constructor` are not types.
  return Object.hasOwn(notExported, resourceType) ? notExported[resourceType] : undefined;
}
