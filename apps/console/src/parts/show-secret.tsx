import { Button, CopyButton, Group, Stack, Text, Textarea } from '@mantine/core';
import { modals } from '@mantine/modals';

interface Secret {
  /** The label of the field. */
  readonly label: string;
  readonly secret: string;
  /** The purpose of the secret. */
  readonly text: string;
}

/** Shows a secret that cannot be shown again. It stays until the user confirms. */
export function showSecret({ title, ...secret }: Secret & { readonly title: string }): void {
  const id = modals.open({
    title,
    size: 'lg',
    closeOnClickOutside: false,
    closeOnEscape: false,
    children: <ShownSecret {...secret} onDone={() => modals.close(id)} />,
  });
}

function ShownSecret({ label, secret, text, onDone }: Secret & { readonly onDone: () => void }) {
  return (
    <Stack>
      <Text size="sm">{text} This is shown only once. Store it in a safe place.</Text>
      {/* Never truncated, because a truncated secret would be copied wrongly. */}
      <Textarea
        autosize
        label={label}
        readOnly
        value={secret}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
        onFocus={({ currentTarget }) => currentTarget.select()}
      />
      <Group justify="end">
        {/* Browsers allow writing to the clipboard only over https and at localhost. */}
        {window.isSecureContext && (
          <CopyButton value={secret}>
            {({ copied, copy }) => (
              <Button variant="outline" onClick={copy}>
                {copied ? 'Copied' : 'Copy'}
              </Button>
            )}
          </CopyButton>
        )}
        <Button onClick={onDone}>I have stored it</Button>
      </Group>
    </Stack>
  );
}
