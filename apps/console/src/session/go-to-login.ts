/** Nobody is logged in, or not any more: to the log-in, and from there back here. */
export function goToLogin(): void {
  const { pathname, search } = window.location;
  window.location.assign(`/login?next=${encodeURIComponent(pathname + search)}`);
}
