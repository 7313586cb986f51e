import type { DeclaredParameter } from '@bulkhead/fhir';
import type { EhrConnection } from './ehr-connection.ts';
import type { Provider } from './provider.ts';

/** The version of FHIR Bulk Data that has a parameter. */
export const versionsOf: Readonly<Record<DeclaredParameter, number>> = {
  patient: 2,
  _elements: 2,
  _until: 3,
  organizeOutputBy: 3,
};

/** What decides about the parameters of kick-offs. */
export interface ParametersOf {
  readonly connection: Pick<EhrConnection, 'capabilities'>;
  readonly provider: Pick<Provider, 'kickOff'>;
}

/** Whether the EHR declares a parameter of kick-offs, or its provider says that it has it. */
export function hasParameter({ connection, provider }: ParametersOf, name: DeclaredParameter): boolean {
  const { bulkDataVersion = 0 } = connection.capabilities ?? {};
  return bulkDataVersion >= versionsOf[name] || provider.kickOff?.parameters?.includes(name) === true;
}
