import type { ErrorCode } from '@bulkhead/base';
import type { AuthorizationPlace } from '@bulkhead/connections/commands';
import type { Page, Problem } from '@bulkhead/http';

const titles: Readonly<Partial<Record<ErrorCode, string>>> = {
  'authorization-refused': 'Not authorized',
  'authorization-failed': 'Not authorized',
  'authorization-pending': 'Not authorized yet',
  'authorization-unknown': 'This authorization has ended',
  'authorization-used': 'This URL was already used',
};

/** A page that says why an authorization failed. For an operator it has links to go back and to try again. */
export function authorizationProblemPage(options: {
  readonly problem: Problem;
  readonly place: AuthorizationPlace | undefined;
}): Page {
  const { problem, place } = options;
  const { code, message: text } = problem;
  if (!place) return { title: titles[code] ?? 'The authorization failed', text };
  const { isDone } = place;
  // The user went back in the browser and sent the form of the EHR a second time.
  if (isDone && code === 'authorization-unknown') {
    const done = 'The connection was already authorized by an earlier response of the EHR. Nothing needs to be done.';
    return { title: 'Already authorized', text: done, links: [backTo(place)] };
  }
  return { title: titles[code] ?? 'The authorization failed', text, links: [...tryAgain(place), backTo(place)] };
}

/** Redirects an operator to the console. Other users, who came from an invitation or an EHR, do not use the console. */
export function authorizedPage(options: {
  readonly connectionId: string;
  readonly place: AuthorizationPlace | undefined;
}): Page {
  const { connectionId, place } = options;
  const text = `The connection ${connectionId} may now read from the EHR.`;
  if (!place) return { title: 'Authorized', text: `${text} You can close this window.` };
  // Not an HTTP redirect: the cookie of the session is `SameSite=Strict`, so the browser would not send it after it came from the EHR.
  // It does send it from this page.
  const back = backTo({ ...place, connectionId });
  return { title: 'Authorized', text, links: [back], leadsTo: back.href };
}

function backTo({ connectionId }: AuthorizationPlace) {
  if (connectionId === undefined) return { label: 'Go to the connections', href: '/connections' };
  return { label: 'Go to the connection', href: `/connections/${encodeURIComponent(connectionId)}` };
}

function tryAgain({ provider, connectionId }: AuthorizationPlace) {
  if (connectionId === undefined) return [];
  return [{ label: 'Try again', href: `/api/ehr/${provider}/authorize?${new URLSearchParams({ connectionId })}` }];
}
