import type { AuditEvent } from '../api/api.ts';

type Target = Pick<AuditEvent, 'action' | 'target'>;

/** The values that name what an event is about, each with the page that shows it, if there is one. */
export function targetLinks(event: Target) {
  return Object.entries(event.target).map(([name, value]) => ({ name, value, to: pageOf(event, name) }));
}

/** Ids are named as in the path of the route, so an `id` is of the thing that the action is about. */
function pageOf({ action, target }: Target, name: string): string | undefined {
  const id = encodeURIComponent(target[name] ?? '');
  const { connectionId } = target;
  const [subject = ''] = action.split('.');
  switch (name === 'id' ? `${subject} id` : name) {
    case 'connectionId':
    case 'connection id':
    case 'patient id':
      return `/connections/${id}`;
    case 'webhook id':
      return action === 'webhook.resend' ? '/webhooks' : `/webhooks?connectionId=${id}`;
    case 'jobId':
      return `/exports/${id}`;
    case 'sync id':
      return `/syncs/${id}`;
    case 'schedule id':
      return '/schedules';
    case 'kid':
      return '/signing-keys';
    case 'api-key id':
      return '/api-keys';
    case 'client id':
      return '/clients';
    case 'erasure id':
    case 'erasureId':
      return '/erasures';
    case 'document id':
      return connectionId && `/documents?connectionId=${encodeURIComponent(connectionId)}`;
    case 'quarantine id':
      return connectionId && `/quarantine?connectionId=${encodeURIComponent(connectionId)}`;
    case 'resource id':
      return resourcePage({ connectionId, type: target.type, id: target.id });
    default:
      return undefined;
  }
}

function resourcePage(filters: Readonly<Record<'connectionId' | 'type' | 'id', string | undefined>>) {
  const { connectionId = '', type = '', id = '' } = filters;
  return connectionId && type ? `/resources?${new URLSearchParams({ connectionId, type, id })}` : undefined;
}
