import { Button, Text } from '@mantine/core';
import { Link, useRouteError } from 'react-router';
import { Page, Problem } from '../parts/page.tsx';

/** Shown if a page cannot load: a defect, or a file of a version that is no longer served. */
export function PageCrash() {
  return (
    <Page title="This page could not be loaded">
      <Problem error={useRouteError()} />
      <Button w="fit-content" onClick={() => window.location.reload()}>
        Reload
      </Button>
    </Page>
  );
}

export function NoSuchPage() {
  return (
    <Page title="There is no such page">
      <Text>No page has this URL. The link may be from an older version.</Text>
      <Button component={Link} to="/" w="fit-content">
        To the overview
      </Button>
    </Page>
  );
}
