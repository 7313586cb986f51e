import { Button } from '@mantine/core';
import type { Connection } from '../api/records.ts';

/** To the EHR in this browser, and back. For somebody else’s browser the API makes an invitation. */
export function AuthorizeButton({ connection: { id, provider } }: { readonly connection: Connection }) {
  const address = `/api/ehr/${provider}/authorize?${new URLSearchParams({ connectionId: id })}`;
  return (
    <Button component="a" href={address} variant="outline">
      Authorize
    </Button>
  );
}
