/** Requests pages, follows no redirects, and keeps cookies by name, as a browser does. */
export interface Browser {
  /** Requests a page. The test follows redirects itself. */
  open(url: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
  /** Submits a form as a page of the same host does. */
  submit(url: string, fields: Readonly<Record<string, string>>): Promise<Response>;
  /** The URL to which the response redirects. */
  redirectOf(url: string, headers?: Readonly<Record<string, string>>): Promise<string>;
  readonly cookies: ReadonlyMap<string, string>;
}

export function createBrowser(): Browser {
  const cookies = new Map<string, string>();
  const send = async (url: string, init: RequestInit): Promise<Response> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { accept: 'text/html', ...(cookie === '' ? {} : { cookie }), ...init.headers };
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const set of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (set.split(';')[0] ?? '').split('=');
      if (value === '') cookies.delete(name);
      else cookies.set(name, value);
    }
    return response;
  };
  const open: Browser['open'] = (url, headers = {}) => send(url, { headers });
  return {
    open,
    cookies,
    submit: (url, fields) =>
      send(url, { method: 'POST', body: new URLSearchParams(fields), headers: { origin: new URL(url).origin } }),
    async redirectOf(url, headers) {
      const response = await open(url, headers);
      const location = response.headers.get('location');
      if (location === null)
        throw new Error(`the response is not a redirect: ${response.status} ${await response.text()}`);
      return location;
    },
  };
}
