import { FormButton } from '../parts/buttons.tsx';
import { Page } from '../parts/page.tsx';
import { ScheduleForm } from './schedule-form.tsx';
import { ScheduleList } from './schedule-list.tsx';

/** The schedules of all connections. */
export function SchedulesPage() {
  return (
    <Page
      title="Schedules"
      actions={<FormButton label="Add a schedule">{(close) => <ScheduleForm onDone={close} />}</FormButton>}
    >
      <ScheduleList />
    </Page>
  );
}
