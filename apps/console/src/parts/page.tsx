import { ApiError, withoutNames } from '@bulkhead/client';
import { Alert, Anchor, type AnchorProps, Group, List, Paper, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { IconAlertCircle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { errorText, labelOf } from './coded-text.ts';

interface PageProps {
  readonly title: string;
  /** Shown beside the title: a status, whether the page is live. */
  readonly beside?: ReactNode;
  /** The actions of the page. */
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

export function Page({ title, beside, actions, children }: PageProps) {
  useDocumentTitle(`${title} · Bulkhead`);
  return (
    <Stack gap="md">
      <Group justify="space-between" gap="sm">
        <Group gap="sm">
          <Title order={1} size="h2">
            {title}
          </Title>
          {beside}
        </Group>
        <Group gap="xs">{actions}</Group>
      </Group>
      {children}
    </Stack>
  );
}

/** The title of a part of a page. */
export function SectionTitle({ children }: { readonly children: ReactNode }) {
  return (
    <Title order={2} size="h4">
      {children}
    </Title>
  );
}

interface PageLinkProps extends Pick<AnchorProps, 'size'> {
  readonly to: string;
  readonly title?: string;
  readonly children: ReactNode;
}

/** A link to a page of the console. By default it has the size of the text around it. */
export function PageLink(props: PageLinkProps) {
  return <Anchor component={Link} inherit={props.size === undefined} {...props} />;
}

interface QueryResultProps<Data> {
  readonly query: { readonly data: Data | undefined; readonly error: unknown };
  readonly children: (data: Data) => ReactNode;
}

/**
 * Shows a skeleton while the query loads and the error if it fails. If only the last refresh failed, the earlier data stays.
 */
export function QueryResult<Data>({ query, children }: QueryResultProps<Data>) {
  const { data, error } = query;
  return (
    <>
      {error !== null && error !== undefined && <Problem error={error} />}
      {data === undefined ? !error && <Shape /> : children(data)}
    </>
  );
}

/** Stands for what is loading. */
export function Shape() {
  return (
    <Stack gap="xs" aria-busy="true" aria-label="Loading" role="status">
      {[1, 2, 3].map((row) => (
        <Skeleton key={row} h={28} />
      ))}
    </Stack>
  );
}

/** What is wrong, and what to do. */
export function Problem({ error }: { readonly error: unknown }) {
  const { title, message, details } = describe(error);
  return (
    <Alert color="red" role="alert" title={title} icon={<IconAlertCircle aria-hidden />}>
      <Text size="sm">{message}</Text>
      {details.length > 0 && (
        <List size="sm">
          {details.map(({ path, message: text }) => (
            <List.Item key={path}>
              {labelOf(path)} {withoutNames(text)}
            </List.Item>
          ))}
        </List>
      )}
    </Alert>
  );
}

function describe(error: unknown) {
  if (!(error instanceof ApiError)) return { title: 'Something went wrong here', message: String(error), details: [] };
  const { details } = error;
  const { title, text } = errorText(error);
  if (!Array.isArray(details)) return { title, message: text, details: [] };
  // The message of a single fault has the same text.
  return { title, message: 'Correct what is listed here.', details };
}

/** An empty list, and how to fill it. */
export function EmptyState({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <Paper withBorder p="xl">
      <Stack align="center" gap="xs" ta="center">
        <Text fw={600}>{title}</Text>
        <Text size="sm" c="dimmed" component="div">
          {children}
        </Text>
      </Stack>
    </Paper>
  );
}
