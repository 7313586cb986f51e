import { Button, Menu, Text } from '@mantine/core';
import { IconUser } from '@tabler/icons-react';
import { useRef } from 'react';
import { useSession } from '../session/session-provider.tsx';

/** Who is logged in, and the way out: a form, as the log-in is one. */
export function SessionMenu() {
  const { key } = useSession();
  const form = useRef<HTMLFormElement>(null);
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
