import type { HealthSubject } from '../api/api.ts';

/** The pages of checks that are not about single records. */
const pages: Readonly<Record<string, string>> = {
  tokens: '/connections',
  'ehr-requests': '/budget',
  'audit-stream': '/audit',
};

/** The page where an operator repairs what a check has found. */
export function placeOf({ check, subject }: { readonly check: string; readonly subject?: HealthSubject }): string {
  if (!subject) return pages[check] ?? '/system';
  const { kind, id, connectionId = '' } = subject;
  if (check === 'quarantine') return `/quarantine?connectionId=${encodeURIComponent(id)}`;
  switch (kind) {
    case 'connection':
      return `/connections/${id}`;
    case 'export':
      return `/exports/${id}`;
    case 'sync-run':
      return `/syncs/${id}`;
    case 'schedule':
      return '/schedules';
    case 'budget':
      return '/budget';
    case 'webhook-delivery':
      return `/webhooks?connectionId=${encodeURIComponent(connectionId)}`;
    default:
      return '/system';
  }
}
