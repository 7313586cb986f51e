import type { paths } from '@bulkhead/client';

type ExportRequest = paths['/api/ehr/{provider}/bulk-export']['post']['requestBody']['content']['application/json'];

export type ExportForm = typeof emptyExportForm;

export const emptyExportForm = {
  connectionId: '',
  exportType: 'Patient' as NonNullable<ExportRequest['exportType']>,
  resourceTypes: [] as readonly string[],
  since: 'all' as 'all' | 'last' | 'instant',
  /** As in the browser's field: local time without a zone. */
  instant: '',
  typeFilters: [] as readonly string[],
};

export const levels = [
  { value: 'Patient', label: 'Every patient of the practice' },
  { value: 'Group', label: 'The group of the connection' },
  { value: 'System', label: 'The whole server' },
];

export const sinceChoices = [
  { value: 'all', label: 'Everything' },
  { value: 'last', label: 'Changes since the last export' },
  { value: 'instant', label: 'Changes since a time' },
];

export function toExportRequest(form: ExportForm): ExportRequest {
  const { connectionId, exportType, resourceTypes, typeFilters } = form;
  const since = sinceOf(form);
  return {
    connectionId,
    exportType,
    ...(resourceTypes.length === 0 ? {} : { resourceTypes: [...resourceTypes] }),
    ...(since === undefined ? {} : { since }),
    ...(typeFilters.length === 0 ? {} : { typeFilters: [...typeFilters] }),
  };
}

function sinceOf({ since, instant }: ExportForm): string | undefined {
  if (since === 'instant') return new Date(instant).toISOString();
  return since === 'last' ? 'last' : undefined;
}
