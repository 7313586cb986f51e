import { createBrowserRouter, type RouteObject } from 'react-router';
import { AppLayout } from './shell/app-layout.tsx';
import { NoSuchPage, PageCrash } from './shell/error-pages.tsx';

/** The browser loads each page separately, so the export pages do not load the charts. */
const pages: readonly RouteObject[] = [
  { index: true, lazy: async () => ({ Component: (await import('./overview/overview-page.tsx')).OverviewPage }) },
  { path: 'exports', lazy: async () => ({ Component: (await import('./exports/exports-page.tsx')).ExportsPage }) },
  {
    path: 'exports/:provider/:jobId',
    lazy: async () => ({ Component: (await import('./exports/export-page.tsx')).ExportPage }),
  },
  { path: 'syncs', lazy: async () => ({ Component: (await import('./syncs/syncs-page.tsx')).SyncsPage }) },
  { path: 'syncs/:provider/:id', lazy: async () => ({ Component: (await import('./syncs/sync-page.tsx')).SyncPage }) },
  {
    path: 'connections',
    lazy: async () => ({ Component: (await import('./connections/connections-page.tsx')).ConnectionsPage }),
  },
  {
    path: 'connections/:id',
    lazy: async () => ({ Component: (await import('./connections/connection-page.tsx')).ConnectionPage }),
  },
  {
    path: 'schedules',
    lazy: async () => ({ Component: (await import('./schedules/schedules-page.tsx')).SchedulesPage }),
  },
  {
    path: 'resources',
    lazy: async () => ({ Component: (await import('./resources/resources-page.tsx')).ResourcesPage }),
  },
  {
    path: 'quarantine',
    lazy: async () => ({ Component: (await import('./quarantine/quarantine-page.tsx')).QuarantinePage }),
  },
  {
    path: 'documents',
    lazy: async () => ({ Component: (await import('./documents/documents-page.tsx')).DocumentsPage }),
  },
  {
    path: 'signing-keys',
    lazy: async () => ({ Component: (await import('./signing-keys/signing-keys-page.tsx')).SigningKeysPage }),
  },
  { path: 'budget', lazy: async () => ({ Component: (await import('./budget/budget-page.tsx')).BudgetPage }) },
  { path: 'system', lazy: async () => ({ Component: (await import('./system/system-page.tsx')).SystemPage }) },
  {
    path: 'webhooks',
    lazy: async () => ({ Component: (await import('./webhooks/webhooks-page.tsx')).WebhooksPage }),
  },
  {
    path: 'api-keys',
    lazy: async () => ({ Component: (await import('./api-keys/api-keys-page.tsx')).ApiKeysPage }),
  },
  {
    path: 'erasures',
    lazy: async () => ({ Component: (await import('./erasures/erasures-page.tsx')).ErasuresPage }),
  },
  { path: 'audit', lazy: async () => ({ Component: (await import('./audit/audit-page.tsx')).AuditPage }) },
  { path: '*', Component: NoSuchPage },
];

export const router = createBrowserRouter([
  { path: '/', Component: AppLayout, children: [{ ErrorBoundary: PageCrash, children: [...pages] }] },
]);
