import { defineActions } from '@bulkhead/http';

export const healthReportActions = defineActions('health-report', {
  read: { keys: 'operator', people: 'viewer', audited: false },
});

export const historyActions = defineActions('history', {
  read: { keys: 'operator', people: 'viewer', audited: false },
});

export const processActions = defineActions('process', {
  list: { keys: 'operator', people: 'viewer', audited: false },
});

export const queueActions = defineActions('queue', {
  list: { keys: 'operator', people: 'viewer', audited: false },
});

export const rateBudgetActions = defineActions('rate-budget', {
  list: { keys: 'client', people: 'viewer', audited: false },
});
