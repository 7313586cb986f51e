import { ActionIcon, CopyButton, Group, Text } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
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

/** A button that copies a text. */
export function CopyIcon({ text, name }: { readonly text: string; readonly name: string }) {
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <ActionIcon variant="subtle" color="gray" size="sm" onClick={copy} aria-label={`Copy the ${name}`}>
          {copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />}
        </ActionIcon>
      )}
    </CopyButton>
  );
}
