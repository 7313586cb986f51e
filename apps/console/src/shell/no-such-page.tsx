import { Button, Text } from '@mantine/core';
import { Link } from 'react-router';
import { Page } from '../parts/page.tsx';

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
