import { ApiError } from '@bulkhead/client';
import { Alert, List, Text } from '@mantine/core';
import { IconAlertCircle } from '@tabler/icons-react';

/** An error in the API's own words, which say what to do. */
export function Problem({ error }: { readonly error: unknown }) {
  const { title, message, details } = describe(error);
  return (
    <Alert color="red" role="alert" title={title} icon={<IconAlertCircle aria-hidden />}>
      <Text size="sm">{message}</Text>
      {details.length > 0 && (
        <List size="sm">
          {details.map(({ path, message: text }) => (
            <List.Item key={path}>
              {path}: {text}
            </List.Item>
          ))}
        </List>
      )}
    </Alert>
  );
}

function describe(error: unknown) {
  if (!(error instanceof ApiError)) return { title: 'Something went wrong here', message: String(error), details: [] };
  const { code, message, details } = error;
  return { title: code, message, details: Array.isArray(details) ? details : [] };
}
