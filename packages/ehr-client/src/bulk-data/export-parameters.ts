import type { BulkExportRequest } from '@bulkhead/fhir';

/** The parameters of a kick-off (FHIR Bulk Data, "Query Parameters"). */
export interface ExportParameters {
  readonly types: readonly string[];
  readonly since?: string | undefined;
  readonly typeFilters: readonly string[];
}

export function toExportParameters({ resourceTypes, since, typeFilters = [] }: BulkExportRequest): ExportParameters {
  return { types: resourceTypes, since, typeFilters };
}

/** The names of the parameters that are sent. */
export function namesOf({ types, since, typeFilters }: ExportParameters): string[] {
  return [
    ...(types.length > 0 ? ['_type'] : []),
    ...(since === undefined ? [] : ['_since']),
    ...(typeFilters.length > 0 ? ['_typeFilter'] : []),
  ];
}

export function without(parameters: ExportParameters, name: string): ExportParameters {
  const { types, since, typeFilters } = parameters;
  return {
    types: name === '_type' ? [] : types,
    since: name === '_since' ? undefined : since,
    typeFilters: name === '_typeFilter' ? [] : typeFilters,
  };
}

/** Writes the query of a GET. `_type` is one list, which all versions of the specification before STU4 require. */
export function toQuery({ types, since, typeFilters }: ExportParameters): string {
  const pairs = [
    ...(types.length > 0 ? [['_type', types.join(',')]] : []),
    ...(since === undefined ? [] : [['_since', since]]),
    ...typeFilters.map((filter) => ['_typeFilter', filter]),
  ];
  const query = pairs.map(([name, value = '']) => `${name}=${encodeURIComponent(value)}`).join('&');
  return query === '' ? '' : `?${query}`;
}

/** Writes the body of a POST: a Parameters resource with a part for each value. */
export function toParametersResource({ types, since, typeFilters }: ExportParameters) {
  return {
    resourceType: 'Parameters',
    parameter: [
      ...types.map((type) => ({ name: '_type', valueString: type })),
      ...(since === undefined ? [] : [{ name: '_since', valueInstant: since }]),
      ...typeFilters.map((filter) => ({ name: '_typeFilter', valueString: filter })),
    ],
  };
}
