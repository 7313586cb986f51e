import { Button } from '@mantine/core';
import { useRouteError } from 'react-router';
import { Page } from '../parts/page.tsx';
import { Problem } from '../parts/problem.tsx';

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
