import type { AuthorizationPlace } from '@bulkhead/connections/commands';
import type { Page, Problem } from '../../../browser/pages.ts';

const titles: Readonly<Record<string, string>> = {
  'authorization-refused': 'Not authorized',
  'authorization-failed': 'Not authorized',
  'authorization-pending': 'Not authorized yet',
  'authorization-unknown': 'This authorization is over',
  'authorization-used': 'This address was used before',
};

/** Why it did not work. An operator gets a way back, and one to try again. */
export function authorizationProblemPage(options: {
  readonly problem: Problem;
  readonly place: AuthorizationPlace | undefined;
}): Page {
  const { problem, place } = options;
  const { code, message: text } = problem;
  if (!place) return { title: titles[code] ?? 'This did not work', text };
  const { isDone } = place;
  // Somebody has gone back in the browser, and sent the EHR's form once more.
  if (isDone && code === 'authorization-unknown') {
    const done = 'The EHR’s answer was taken before, and the connection was authorized by it. Nothing is left to do.';
    return { title: 'Already authorized', text: done, links: [backTo(place)] };
  }
  return { title: titles[code] ?? 'This did not work', text, links: [...again(place), backTo(place)] };
}

/** An operator is led back to the console; whoever was invited, or sent by an EHR, is not of it. */
export function authorizedPage(options: {
  readonly connectionId: string;
  readonly place: AuthorizationPlace | undefined;
}): Page {
  const { connectionId, place } = options;
  const text = `The connection ${connectionId} may now read from the EHR.`;
  if (!place) return { title: 'Authorized', text: `${text} This window can be closed.` };
  // Not by a redirect: the session's cookie is `SameSite=Strict`, and does not come along where an EHR has sent the browser. From
  // this page it does.
  const back = backTo({ ...place, connectionId });
  return { title: 'Authorized', text, links: [back], leadsTo: back.href };
}

function backTo({ connectionId }: AuthorizationPlace) {
  if (connectionId === undefined) return { label: 'To the connections', href: '/connections' };
  return { label: 'To the connection', href: `/connections/${encodeURIComponent(connectionId)}` };
}

function again({ provider, connectionId }: AuthorizationPlace) {
  if (connectionId === undefined) return [];
  return [{ label: 'Try again', href: `/api/ehr/${provider}/authorize?${new URLSearchParams({ connectionId })}` }];
}
