import { NavLink, ScrollArea, Text } from '@mantine/core';
import {
  IconActivity,
  IconAlertTriangle,
  IconBook,
  IconBuildingCommunity,
  IconBuildingHospital,
  IconCalendarRepeat,
  IconDatabase,
  IconDownload,
  IconFileText,
  IconGauge,
  IconHome,
  IconKey,
  IconListCheck,
  IconPlugConnected,
  IconRefresh,
  IconServerCog,
  IconSignature,
  IconTable,
  IconTrash,
  IconWebhook,
} from '@tabler/icons-react';
import { Link, useLocation } from 'react-router';
import { type Session, useSessionIfLoaded } from '../api/session.ts';

interface PageEntry {
  readonly to: string;
  readonly label: string;
  readonly Icon: typeof IconHome;
  readonly operatorsOnly?: boolean;
}

/** A page of the same server that does not belong to the console. */
interface OtherEntry extends Omit<PageEntry, 'to'> {
  readonly href: string;
  readonly allConnectionsOnly?: boolean;
}

interface EntryGroup {
  readonly title?: string;
  readonly entries: readonly (PageEntry | OtherEntry)[];
}

/** To add a page, add a line to its group. */
const groups: readonly EntryGroup[] = [
  { entries: [{ to: '/', label: 'Overview', Icon: IconHome }] },
  {
    title: 'Import',
    entries: [
      { to: '/connections', label: 'Connections', Icon: IconBuildingHospital },
      { to: '/exports', label: 'Bulk exports', Icon: IconDownload },
      { to: '/syncs', label: 'Sync runs', Icon: IconRefresh },
      { to: '/schedules', label: 'Schedules', Icon: IconCalendarRepeat },
    ],
  },
  {
    title: 'Data',
    entries: [
      { to: '/resources', label: 'Resources', Icon: IconDatabase },
      { to: '/tables', label: 'Tables', Icon: IconTable },
      { to: '/documents', label: 'Documents', Icon: IconFileText },
      { to: '/quarantine', label: 'Quarantine', Icon: IconAlertTriangle },
      { to: '/erasures', label: 'Erasures and retention', Icon: IconTrash, operatorsOnly: true },
    ],
  },
  {
    title: 'System',
    entries: [
      { to: '/system', label: 'Workers and queues', Icon: IconServerCog, operatorsOnly: true },
      { to: '/budget', label: 'Rate budget', Icon: IconGauge },
      { to: '/webhooks', label: 'Webhooks', Icon: IconWebhook },
      { to: '/api-keys', label: 'API keys', Icon: IconKey, operatorsOnly: true },
      { to: '/clients', label: 'FHIR clients', Icon: IconPlugConnected, operatorsOnly: true },
      { to: '/providers', label: 'Providers', Icon: IconBuildingCommunity, operatorsOnly: true },
      { to: '/signing-keys', label: 'Signing keys', Icon: IconSignature, operatorsOnly: true },
      { to: '/audit', label: 'Audit', Icon: IconListCheck, operatorsOnly: true },
      { href: '/admin/queues', label: 'Bull Board', Icon: IconActivity, allConnectionsOnly: true },
      { href: '/docs/', label: 'API', Icon: IconBook },
    ],
  },
];

/** Until the session is loaded, it shows the pages that every user has. */
export function Navigation() {
  return (
    <ScrollArea component="nav" aria-label="Pages">
      {groups.map((group) => (
        <Group key={group.title ?? ''} {...group} />
      ))}
    </ScrollArea>
  );
}

function Group({ title, entries }: EntryGroup) {
  const session = useSessionIfLoaded();
  const links = entries
    .filter((entry) => isFor(entry, session))
    .map((entry) => <Entry key={entry.label} entry={entry} />);
  if (title === undefined) return links;
  return (
    <section aria-label={title}>
      <Text size="xs" fw={600} c="dimmed" px="sm" pt="xs" pb={2} aria-hidden>
        {title}
      </Text>
      {links}
    </section>
  );
}

function isFor(entry: PageEntry | OtherEntry, session: Session | undefined): boolean {
  if (entry.operatorsOnly) return session?.isOperator === true;
  const needsAll = 'allConnectionsOnly' in entry && entry.allConnectionsOnly === true;
  return !needsAll || (session !== undefined && session.key.connectionIds === undefined);
}

function Entry({ entry }: { readonly entry: PageEntry | OtherEntry }) {
  const { pathname } = useLocation();
  const { label, Icon } = entry;
  const icon = <Icon size={18} stroke={1.5} aria-hidden />;
  if ('href' in entry) return <NavLink href={entry.href} label={label} leftSection={icon} py={4} />;
  const { to } = entry;
  const isHere = to === '/' ? pathname === '/' : pathname.startsWith(to);
  return (
    <NavLink
      component={Link}
      to={to}
      label={label}
      active={isHere}
      aria-current={isHere ? 'page' : undefined}
      leftSection={icon}
      py={4}
    />
  );
}
