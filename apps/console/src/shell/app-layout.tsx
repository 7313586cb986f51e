import { AppShell, Burger, Group, Image, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useEffect } from 'react';
import { Link, Outlet, useLocation } from 'react-router';
import { useLogOutWhenIdle } from '../session/use-log-out-when-idle.ts';
import { ColorSchemeToggle } from './color-scheme-toggle.tsx';
import { Navigation } from './navigation.tsx';
import { ProviderSelect } from './provider-select.tsx';
import { SessionMenu } from './session-menu.tsx';

/** What is around every page. On a phone the navigation is behind a button. */
export function AppLayout() {
  const [isOpen, { toggle, close }] = useDisclosure();
  const { pathname } = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: whoever has gone somewhere has chosen.
  useEffect(close, [pathname]);
  useLogOutWhenIdle();
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 220, breakpoint: 'sm', collapsed: { mobile: !isOpen } }}
      padding="md"
    >
      <AppShell.Header>
        <a className="skip-link" href="#main">
          Skip to the content
        </a>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger
              opened={isOpen}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label="Navigation"
              aria-expanded={isOpen}
            />
            <Group component={Link} {...{ to: '/' }} gap="xs" wrap="nowrap" td="none" c="inherit">
              <Image src="/icon.svg" alt="" w={28} h={28} />
              <Text fw={700} size="lg">
                Bulkhead
              </Text>
            </Group>
          </Group>
          <Group gap="xs" wrap="nowrap">
            <ProviderSelect />
            <ColorSchemeToggle />
            <SessionMenu />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs">
        <Navigation />
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1}>
        <Outlet />
      </AppShell.Main>
    </AppShell>
  );
}
