import { NavLink, ScrollArea } from '@mantine/core';
import {
  IconActivity,
  IconAlertTriangle,
  IconBook,
  IconBuildingHospital,
  IconCalendarRepeat,
  IconDatabase,
  IconDownload,
  IconFileText,
  IconGauge,
  IconHome,
  IconKey,
  IconListCheck,
  IconRefresh,
  IconServerCog,
  IconSignature,
  IconTable,
  IconTrash,
  IconWebhook,
} from '@tabler/icons-react';
import { Link, useLocation } from 'react-router';
import { useSession } from '../session/session-provider.tsx';

const pages = [
  { to: '/', label: 'Overview', Icon: IconHome },
  { to: '/exports', label: 'Bulk exports', Icon: IconDownload },
  { to: '/syncs', label: 'Sync runs', Icon: IconRefresh },
  { to: '/schedules', label: 'Schedules', Icon: IconCalendarRepeat },
  { to: '/connections', label: 'Connections', Icon: IconBuildingHospital },
  { to: '/resources', label: 'Resources', Icon: IconDatabase },
  { to: '/tables', label: 'Tables', Icon: IconTable },
  { to: '/documents', label: 'Documents', Icon: IconFileText },
  { to: '/quarantine', label: 'Quarantine', Icon: IconAlertTriangle },
  { to: '/budget', label: 'Rate budget', Icon: IconGauge },
  { to: '/webhooks', label: 'Webhooks', Icon: IconWebhook },
  { to: '/system', label: 'Workers and queues', Icon: IconServerCog, operatorsOnly: true },
  { to: '/api-keys', label: 'API keys', Icon: IconKey, operatorsOnly: true },
  { to: '/signing-keys', label: 'Signing keys', Icon: IconSignature, operatorsOnly: true },
  { to: '/erasures', label: 'Erasures and retention', Icon: IconTrash, operatorsOnly: true },
  { to: '/audit', label: 'Audit', Icon: IconListCheck, operatorsOnly: true },
] as const;

/** Pages of the same server that do not belong to the console. */
const otherPages = [
  { href: '/admin/queues', label: 'Bull Board', Icon: IconActivity, allConnectionsOnly: true },
  { href: '/docs/', label: 'API', Icon: IconBook },
] as const;

export function Navigation() {
  const { isOperator, key } = useSession();
  const { pathname } = useLocation();
  const isHere = (to: string) => (to === '/' ? pathname === '/' : pathname.startsWith(to));
  return (
    <ScrollArea component="nav" aria-label="Pages">
      {pages
        .filter((page) => isOperator || !('operatorsOnly' in page))
        .map(({ to, label, Icon }) => (
          <NavLink
            key={to}
            component={Link}
            to={to}
            label={label}
            active={isHere(to)}
            aria-current={isHere(to) ? 'page' : undefined}
            leftSection={<Icon size={18} stroke={1.5} aria-hidden />}
          />
        ))}
      {otherPages
        .filter((page) => key.connectionIds === undefined || !('allConnectionsOnly' in page))
        .map(({ href, label, Icon }) => (
          <NavLink key={href} href={href} label={label} leftSection={<Icon size={18} stroke={1.5} aria-hidden />} />
        ))}
    </ScrollArea>
  );
}
