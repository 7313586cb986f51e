import { pageFrame } from './page-frame.ts';

/** The page to log in with an API key. @param options.problem a text of ours, why the last attempt failed. */
export function loginPage({ next, problem }: { readonly next: string; readonly problem?: string | undefined }): string {
  // The encoding also takes away what could end the attribute.
  const action = `/login?next=${encodeURIComponent(next)}`;
  return pageFrame({
    title: 'Bulkhead: log in',
    main: `<h1>Bulkhead</h1>
${problem === undefined ? '' : `<p role="alert">${problem}</p>`}
<form method="post" action="${action}">
<label for="key">API key</label>
<input id="key" name="key" type="password" autocomplete="current-password" required autofocus>
<button type="submit">Log in</button>
</form>`,
  });
}
