import { type FeatureData, noData, type StoreContext } from '@bulkhead/store';
import { ServedExportRepository } from './served-export.repository.ts';

export type ServedExportStore = ReturnType<typeof createServedExportStore>['repositories'];

export function createServedExportStore(context: Pick<StoreContext, 'database' | 'gate'>) {
  const servedExports = new ServedExportRepository(context);
  /** A client that loses its export starts another one. Records live for a day, so they are not counted. */
  const forget = ({ connectionId }: { readonly connectionId: string }) =>
    servedExports.deleteOfConnection(connectionId).then(() => 0);
  const data: FeatureData = { ...noData, eraseConnection: forget, erasePatient: forget };
  return { repositories: { servedExports }, data };
}
