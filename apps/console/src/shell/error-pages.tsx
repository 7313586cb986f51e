import { Button, Text } from '@mantine/core';
import { Link, useRouteError } from 'react-router';
import { Page, Problem } from '../parts/page.tsx';

/** A page that does not come up: a fault of ours, or a file of a version that is not served any more. */
export function PageCrash() {
  return (
    <Page title="This page does not come up">
      <Problem error={useRouteError()} />
      <Button w="fit-content" onClick={() => window.location.reload()}>
        Load it again
      </Button>
    </Page>
  );
}

export function NoSuchPage() {
  return (
    <Page title="There is no such page">
      <Text>The address leads nowhere. Perhaps the link is of an older version.</Text>
      <Button component={Link} to="/" w="fit-content">
        To the overview
      </Button>
    </Page>
  );
}
