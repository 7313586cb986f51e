import { type DataAmounts, type FeatureData, type PatientOfConnection, sumAmounts } from '@bulkhead/store';

/** What all features store for a connection. */
export async function countOfConnection(features: readonly FeatureData[], connectionId: string): Promise<DataAmounts> {
  return sumAmounts(await Promise.all(features.map((feature) => feature.countOfConnection(connectionId))));
}

/** What all features would delete with a patient. @param options.timeLimitMs see `FeatureData.countOfPatient` */
export async function countOfPatient(
  features: readonly FeatureData[],
  { timeLimitMs = Number.POSITIVE_INFINITY, ...patient }: PatientOfConnection & { readonly timeLimitMs?: number },
): Promise<DataAmounts> {
  return sumAmounts(await Promise.all(features.map((feature) => feature.countOfPatient(patient, { timeLimitMs }))));
}
