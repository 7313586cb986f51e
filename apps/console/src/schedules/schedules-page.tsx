import { Group } from '@mantine/core';
import { FormButton } from '../parts/buttons.tsx';
import { VendorSelect } from '../parts/connection.tsx';
import { Page } from '../parts/page.tsx';
import { useFilters } from '../parts/use-filters.ts';
import { ScheduleForm } from './schedule-form.tsx';
import { ScheduleList } from './schedule-list.tsx';

/** The schedules of all connections. */
export function SchedulesPage() {
  const { filters, choiceField } = useFilters(['provider']);
  return (
    <Page
      title="Schedules"
      actions={<FormButton label="Add a schedule">{(close) => <ScheduleForm onDone={close} />}</FormButton>}
    >
      <Group>
        <VendorSelect {...choiceField('provider')} />
      </Group>
      <ScheduleList provider={filters.provider} />
    </Page>
  );
}
