import { Box, SimpleGrid, Text } from '@mantine/core';
import type { ReactNode } from 'react';

interface DetailListProps {
  readonly facts: Readonly<Record<string, ReactNode>>;
  /** For short key facts: several in a row, in bold. */
  readonly areFigures?: boolean;
}

/** Names and values. DetailList without a value are left out. */
export function DetailList({ facts, areFigures = false }: DetailListProps) {
  const cols = areFigures ? { base: 2, xs: 3, md: 5 } : { base: 2, sm: 3, lg: 4 };
  const look = areFigures ? ({ size: 'md', fw: 600 } as const) : ({ size: 'sm' } as const);
  return (
    <SimpleGrid component="dl" cols={cols} spacing={areFigures ? 'md' : 'sm'} m={0}>
      {Object.entries(facts)
        .filter(([, value]) => value !== undefined && value !== '' && value !== false)
        .map(([name, value]) => (
          <Box key={name}>
            <Text component="dt" size="xs" c="dimmed">
              {name}
            </Text>
            <Text component="dd" m={0} {...look} style={{ overflowWrap: 'anywhere' }}>
              {value}
            </Text>
          </Box>
        ))}
    </SimpleGrid>
  );
}
