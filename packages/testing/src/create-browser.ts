type Fields = Readonly<Record<string, string>>;

/** Requests pages, follows no redirects, and keeps cookies by name, as a browser does. */
export function createBrowser() {
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
  const open = (url: string, headers: Fields = {}) => send(url, { headers });
  return {
    /** Requests a page. The test follows redirects itself. */
    open,
    cookies: cookies as ReadonlyMap<string, string>,
    /** Submits a form as a page of the same host does. */
    submit: (url: string, fields: Fields) =>
      send(url, { method: 'POST', body: new URLSearchParams(fields), headers: { origin: new URL(url).origin } }),
    /** The URL to which the response redirects. */
    async redirectOf(url: string, headers?: Fields): Promise<string> {
      const response = await open(url, headers);
      const location = response.headers.get('location');
      if (location === null)
        throw new Error(`the response is not a redirect: ${response.status} ${await response.text()}`);
      return location;
    },
  };
}
