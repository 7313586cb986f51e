import { Group, Text } from '@mantine/core';
import { CopyIcon } from './copy-icon.tsx';
import { shortened } from './format.ts';

/** A long id or address, shortened in the middle. Its tooltip shows all of it, and a button copies it. */
export function ShortText({ text, name }: { readonly text: string; readonly name: string }) {
  return (
    <Group component="span" gap={4} wrap="nowrap">
      <Text span inherit title={text}>
        {shortened(text)}
      </Text>
      <CopyIcon text={text} name={name} />
    </Group>
  );
}
