import { Stepper, Text } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { IconX } from '@tabler/icons-react';
import type { BulkExport } from '../api/records.ts';
import { phaseSteps, stepOf } from './phase-steps.ts';

/** The phases of an export: those behind it, the one that it is in, or the one that it has ended in. */
export function ExportTimeline({ record }: { readonly record: BulkExport }) {
  const isNarrow = useMediaQuery('(max-width: 62em)');
  const { index, hasFailed } = stepOf(record);
  return (
    <Stepper
      active={index}
      size="sm"
      orientation={isNarrow ? 'vertical' : 'horizontal'}
      color={hasFailed ? 'red' : undefined}
      allowNextStepsSelect={false}
      aria-label="Phases"
    >
      {phaseSteps.map(({ phase, label, text }, step) => (
        <Stepper.Step
          key={phase}
          label={label}
          description={step === index ? record.progress || text : undefined}
          loading={step === index && record.status === 'IN_PROGRESS'}
          icon={step === index && hasFailed ? <IconX size={16} aria-label="ended here" /> : undefined}
          aria-current={step === index ? 'step' : undefined}
        />
      ))}
      <Stepper.Completed>
        <Text size="sm" c="dimmed" mt="xs">
          Everything that was promised is accounted for.
        </Text>
      </Stepper.Completed>
    </Stepper>
  );
}
