import { Paper, Text } from '@mantine/core';
import { useInterval, useLocalStorage } from '@mantine/hooks';
import { useEffect } from 'react';
import { anyProvider, api } from '../api/api.ts';
import { useSession } from '../api/session.ts';
import { Timestamp } from '../parts/timestamp.tsx';
import { changesSince, changesText } from './changes.ts';
import { type Look, nextLook } from './look.ts';

/** More have hardly ended since the last look. Not the page size of the lists, which keep their pages under the key of that request. */
const limit = 150;
/** So that a look ends about when the page was left. */
const noteMs = 60_000;

/** What has changed since the user last looked at this page, in this browser. */
export function SinceLastLook() {
  const since = useLook();
  const params = { path: { provider: anyProvider }, query: { limit } };
  const exports = api.useQuery('get', '/api/ehr/{provider}/bulk-export', { params });
  const syncs = api.useQuery('get', '/api/ehr/{provider}/sync-runs', { params });
  if (since === undefined || !exports.data || !syncs.data) return null;
  return (
    <Paper withBorder p="md">
      <Text size="sm" c="dimmed">
        Since you last looked, <Timestamp at={since} />
      </Text>
      <Text size="sm">{changesText(changesSince({ since, exports: exports.data, syncs: syncs.data }))}</Text>
    </Paper>
  );
}

/** @returns when the user looked before. Undefined at the first look */
function useLook(): string | undefined {
  const { key } = useSession();
  const [look, setLook] = useLocalStorage<Look | undefined>({
    key: `bulkhead-look-${key.apiKeyId}`,
    defaultValue: undefined,
    getInitialValueInEffect: false,
  });
  const note = () => {
    if (document.visibilityState === 'visible') setLook((before) => nextLook(before, new Date()));
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: the look begins once, with the page.
  useEffect(note, []);
  useInterval(note, noteMs, { autoInvoke: true });
  return look?.since;
}
