import { Select } from '@mantine/core';
import { useSession } from '../session/session-provider.tsx';

/** Where only one vendor is registered there is nothing to choose. */
export function ProviderSelect() {
  const { providers, provider, setProvider } = useSession();
  if (providers.length < 2) return null;
  return (
    <Select
      aria-label="EHR vendor"
      w={160}
      data={providers.map(({ id }) => id)}
      value={provider}
      allowDeselect={false}
      onChange={(id) => id !== null && setProvider(id)}
    />
  );
}
