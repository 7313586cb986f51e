import type { ComponentType } from 'react';
import { createBrowserRouter, type RouteObject } from 'react-router';
import { Shape } from './parts/page.tsx';
import { AppLayout } from './shell/app-layout.tsx';
import { NoSuchPage, PageCrash } from './shell/error-pages.tsx';

const pages: readonly RouteObject[] = [
  { index: true, lazy: { Component: async () => (await import('./overview/overview-page.tsx')).OverviewPage } },
  page('exports', async () => (await import('./exports/exports-page.tsx')).ExportsPage),
  page('exports/:jobId', async () => (await import('./exports/export-page.tsx')).ExportPage),
  page('syncs', async () => (await import('./syncs/syncs-page.tsx')).SyncsPage),
  page('syncs/:id', async () => (await import('./syncs/sync-page.tsx')).SyncPage),
  page('connections', async () => (await import('./connections/connections-page.tsx')).ConnectionsPage),
  page('connections/:id', async () => (await import('./connections/connection-page.tsx')).ConnectionPage),
  page('schedules', async () => (await import('./schedules/schedules-page.tsx')).SchedulesPage),
  page('resources', async () => (await import('./resources/resources-page.tsx')).ResourcesPage),
  page('tables', async () => (await import('./tables/tables-page.tsx')).TablesPage),
  page('quarantine', async () => (await import('./quarantine/quarantine-page.tsx')).QuarantinePage),
  page('documents', async () => (await import('./documents/documents-page.tsx')).DocumentsPage),
  page('providers', async () => (await import('./providers/providers-page.tsx')).ProvidersPage),
  page('signing-keys', async () => (await import('./signing-keys/signing-keys-page.tsx')).SigningKeysPage),
  page('budget', async () => (await import('./budget/budget-page.tsx')).BudgetPage),
  page('system', async () => (await import('./system/system-page.tsx')).SystemPage),
  page('webhooks', async () => (await import('./webhooks/webhooks-page.tsx')).WebhooksPage),
  page('api-keys', async () => (await import('./api-keys/api-keys-page.tsx')).ApiKeysPage),
  page('clients', async () => (await import('./clients/clients-page.tsx')).ClientsPage),
  page('erasures', async () => (await import('./erasures/erasures-page.tsx')).ErasuresPage),
  page('audit', async () => (await import('./audit/audit-page.tsx')).AuditPage),
  { path: '*', Component: NoSuchPage },
];

/** The browser loads each page separately, so the export pages do not load the charts. */
function page(path: string, load: () => Promise<ComponentType>): RouteObject {
  return { path, lazy: { Component: load } };
}

export const router = createBrowserRouter([
  {
    path: '/',
    Component: AppLayout,
    // The frame is drawn while the browser loads the first page.
    children: [{ ErrorBoundary: PageCrash, HydrateFallback: Shape, children: [...pages] }],
  },
]);
