import { Button } from '@mantine/core';
import type { Connection } from '../api/records.ts';

/** To the EHR in this browser, and back. For somebody else’s browser the API makes an invitation. */
export function AuthorizeButton({ connection }: { readonly connection: Connection }) {
  const { id, provider, needsAuthorization = false } = connection;
  const address = `/api/ehr/${provider}/authorize?${new URLSearchParams({ connectionId: id })}`;
  return (
    <Button component="a" href={address} variant={needsAuthorization ? 'filled' : 'outline'}>
      {needsAuthorization ? 'Authorize' : 'Authorize again'}
    </Button>
  );
}
