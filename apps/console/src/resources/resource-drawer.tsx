import { Anchor, Code, Drawer, Group, Tabs, Text } from '@mantine/core';
import { Link } from 'react-router';
import { api } from '../api/api.ts';
import { LookedUp } from '../parts/looked-up.tsx';
import { indentJson } from './indent-json.ts';
import { ResourceSources } from './resource-sources.tsx';
import type { WhichResources } from './which-resources.ts';

interface ResourceDrawerProps extends WhichResources {
  readonly id: string;
  readonly onClose: () => void;
}

/** One resource as it was received, and where its versions came from. */
export function ResourceDrawer({ provider, connectionId, type, id, onClose }: ResourceDrawerProps) {
  const init = { params: { path: { provider, type, id }, query: { connectionId } }, parseAs: 'text' as const };
  const once = { refetchInterval: false } as const;
  const found = api.useQuery('get', '/api/ehr/{provider}/resources/{type}/{id}', init, once);
  const patientQuery = new URLSearchParams({ connectionId, type: 'Observation', patient: id });
  return (
    <Drawer opened onClose={onClose} position="right" size="xl" title={`${type}/${id}`}>
      {type === 'Patient' && (
        <Group mb="sm">
          <Anchor component={Link} to={`/resources?${patientQuery}`} size="sm">
            Observations of this patient
          </Anchor>
        </Group>
      )}
      <Tabs defaultValue="json" keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="json">JSON</Tabs.Tab>
          <Tabs.Tab value="sources">Sources</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="json" pt="sm">
          <LookedUp query={found}>
            {(text) => (
              <Code block tabIndex={0}>
                {indentJson(String(text))}
              </Code>
            )}
          </LookedUp>
        </Tabs.Panel>
        <Tabs.Panel value="sources" pt="sm">
          <Text size="sm" c="dimmed" mb="xs">
            Where its versions came from, the stored one first.
          </Text>
          <ResourceSources provider={provider} connectionId={connectionId} type={type} id={id} />
        </Tabs.Panel>
      </Tabs>
    </Drawer>
  );
}
