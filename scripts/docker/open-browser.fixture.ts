export type Browser = ReturnType<typeof openBrowser>;

/** What a browser does with pages and cookies, at `baseUrl`; it shows redirections instead of following them. */
export function openBrowser(baseUrl: string) {
  let cookie = '';
  const headers = () => ({ accept: 'text/html', 'sec-fetch-site': 'same-origin', cookie });
  return {
    async get(path: string) {
      const response = await fetch(baseUrl + path, { headers: headers(), redirect: 'manual' });
      return { status: response.status, location: response.headers.get('location'), text: await response.text() };
    },
    /** @returns where it leads. */
    async logIn(key: string): Promise<string | null> {
      const body = new URLSearchParams({ key });
      const answer = await fetch(`${baseUrl}/login`, { method: 'POST', headers: headers(), body, redirect: 'manual' });
      cookie = answer.headers.getSetCookie()[0]?.split(';', 1)[0] ?? '';
      return answer.headers.get('location');
    },
  };
}
