import { ActionIcon, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { IconMoon, IconSun } from '@tabler/icons-react';

export function ColorSchemeToggle() {
  const { setColorScheme } = useMantineColorScheme();
  const other = useComputedColorScheme('light') === 'light' ? 'dark' : 'light';
  const Icon = other === 'dark' ? IconMoon : IconSun;
  return (
    <ActionIcon variant="subtle" size="lg" aria-label={`Use ${other} colors`} onClick={() => setColorScheme(other)}>
      <Icon size={20} stroke={1.5} aria-hidden />
    </ActionIcon>
  );
}
