import { useIdle } from '@mantine/hooks';
import { useEffect } from 'react';
import { goToLogin } from './go-to-login.ts';

/**
 * As long as a session lasts without a request. The pages ask by themselves, so an open one would keep its session for as long as
 * the browser runs; HIPAA asks for an automatic logoff (45 CFR 164.312(a)(2)(iii)).
 */
const idleMs = 30 * 60_000;

/** Ends the session when nobody has touched the page for half an hour; the log-in leads back to it. */
export function useLogOutWhenIdle(): void {
  const isIdle = useIdle(idleMs, { initialState: false });
  useEffect(() => {
    // Without an answer the session ends by itself, as nothing is asked any more.
    if (isIdle) void fetch('/logout', { method: 'POST', redirect: 'manual' }).finally(goToLogin);
  }, [isIdle]);
}
