import type { StoreContext } from '../connection/write-gate.ts';
import type { FeatureData } from './feature-data.ts';

interface OpenedFeature<Repositories, Data extends (others: never) => FeatureData<string>> {
  readonly repositories: Repositories;
  /** Its part in what concerns the data of all features, made of what that needs of other features. */
  readonly data: Data;
}

/**
 * A feature: what it stores, and its part in erasures, retention, the rotation of the key and the sweep. To know a feature, read this value.
 * @param feature.collections the only list of its collections. It cannot open another one, by whatever name.
 * @param feature.open makes its repositories, of what it needs of other features
 */
export function defineFeature<
  const Collections extends Readonly<Record<string, string>>,
  Context extends Partial<StoreContext>,
  Repositories,
  Data extends (others: never) => FeatureData<string>,
>(feature: {
  readonly collections: Collections;
  /** Collections whose names are data, such as resource types. */
  readonly ownsOther?: (collection: string) => boolean;
  /** The names of its files in GridFS. */
  readonly buckets?: readonly string[];
  readonly open: (context: Context) => OpenedFeature<Repositories, Data>;
}) {
  const { buckets = [] } = feature;
  const names = new Set([
    ...Object.values(feature.collections),
    ...buckets.flatMap((bucket) => [`${bucket}.files`, `${bucket}.chunks`]),
  ]);
  const owns = (name: string) => names.has(name) || feature.ownsOther?.(name) === true;
  return {
    collections: [...names],
    buckets,
    ownsOther: feature.ownsOther,
    open: (context: Context & Pick<StoreContext, 'database'>) =>
      feature.open({ ...context, database: context.database.only(owns) }),
  };
}

/** The repositories of a feature, by name. */
export type RepositoriesOf<Feature extends { readonly open: (context: never) => { readonly repositories: unknown } }> =
  ReturnType<Feature['open']>['repositories'];
