import {
  ActionIcon,
  AppShell,
  Burger,
  Button,
  Group,
  Image,
  Menu,
  Text,
  useComputedColorScheme,
  useMantineColorScheme,
} from '@mantine/core';
import { useDisclosure, useIdle } from '@mantine/hooks';
import { IconMoon, IconSun, IconUser } from '@tabler/icons-react';
import { useEffect, useRef } from 'react';
import { Link, Outlet, useLocation } from 'react-router';
import { goToLogin } from '../api/api.ts';
import { useSessionIfLoaded } from '../api/session.ts';
import { WithSession } from '../session/session-provider.tsx';
import { Navigation } from './navigation.tsx';

/** The frame of every page. On a phone a button opens the navigation. */
export function AppLayout() {
  const [isOpen, { toggle, close }] = useDisclosure();
  const { pathname } = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: a user who has navigated has closed the menu.
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
            <ColorSchemeToggle />
            <SessionMenu />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs">
        <Navigation />
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1}>
        <WithSession>
          <Outlet />
        </WithSession>
      </AppShell.Main>
    </AppShell>
  );
}

/** Shows who is logged in, and a form that logs out. */
function SessionMenu() {
  const session = useSessionIfLoaded();
  const form = useRef<HTMLFormElement>(null);
  if (!session) return null;
  const { key } = session;
  return (
    <>
      <form ref={form} method="post" action="/logout" />
      <Menu position="bottom-end">
        <Menu.Target>
          <Button
            variant="subtle"
            px="xs"
            leftSection={<IconUser size={18} stroke={1.5} aria-hidden />}
            aria-label={`Logged in as ${key.name}`}
          >
            <Text size="sm" maw={140} truncate visibleFrom="xs">
              {key.name}
            </Text>
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>
            {key.role}
            {key.connectionIds ? `, ${key.connectionIds.length} connections` : ', every connection'}
          </Menu.Label>
          <Menu.Item onClick={() => form.current?.requestSubmit()}>Log out</Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  );
}

function ColorSchemeToggle() {
  const { setColorScheme } = useMantineColorScheme();
  const otherScheme = useComputedColorScheme('light') === 'light' ? 'dark' : 'light';
  const Icon = otherScheme === 'dark' ? IconMoon : IconSun;
  return (
    <ActionIcon
      variant="subtle"
      size="lg"
      aria-label={`Use ${otherScheme} colors`}
      onClick={() => setColorScheme(otherScheme)}
    >
      <Icon size={20} stroke={1.5} aria-hidden />
    </ActionIcon>
  );
}

/**
 * The idle time of a session. Pages send requests without a user, so an open page would keep its session as long as the browser runs.
 * HIPAA requires an automatic logoff (45 CFR 164.312(a)(2)(iii)).
 */
const idleMs = 30 * 60_000;

/** Ends the session after half an hour without user input. The login page leads back to this page. */
function useLogOutWhenIdle(): void {
  const isIdle = useIdle(idleMs, { initialState: false });
  useEffect(() => {
    // If there is no answer, the session expires, because the page sends no more requests.
    if (isIdle) void fetch('/logout', { method: 'POST', redirect: 'manual' }).finally(goToLogin);
  }, [isIdle]);
}
