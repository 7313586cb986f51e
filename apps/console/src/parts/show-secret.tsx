import { Button, CopyButton, Group, Stack, Text, Textarea } from '@mantine/core';
import { modals } from '@mantine/modals';

interface Secret {
  /** What it is: the field's name. */
  readonly label: string;
  readonly secret: string;
  /** What it is for. */
  readonly text: string;
}

/** Shows what cannot be had again. It stays until somebody closes it on purpose. */
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
      <Text size="sm">{text} It is shown this once: keep it where it is needed.</Text>
      {/* As long as it is: what is cut is copied wrongly. */}
      <Textarea
        autosize
        label={label}
        readOnly
        value={secret}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
        onFocus={({ currentTarget }) => currentTarget.select()}
      />
      <Group justify="end">
        {/* Browsers let a page write to the clipboard over https, and at localhost. */}
        {window.isSecureContext && (
          <CopyButton value={secret}>
            {({ copied, copy }) => (
              <Button variant="outline" onClick={copy}>
                {copied ? 'Copied' : 'Copy'}
              </Button>
            )}
          </CopyButton>
        )}
        <Button onClick={onDone}>I have kept it</Button>
      </Group>
    </Stack>
  );
}
