import { type ReceivedRequest, startScriptedServer } from '@bulkhead/embedded/scripted-server';

/** Passes every request on to a server and keeps it, so that a test sees what the server got. */
export async function startRecordingProxy(origin: string) {
  return startScriptedServer(async ({ method, url, headers, body }) => {
    const { host: _host, 'content-length': _length, connection: _connection, ...sent } = headers;
    const response = await fetch(origin + url, {
      method,
      headers: sent as Record<string, string>,
      ...(body === '' ? {} : { body }),
      redirect: 'manual',
    });
    // `fetch` has decoded the body.
    const {
      'content-encoding': _encoding,
      'transfer-encoding': _transfer,
      ...received
    } = Object.fromEntries(response.headers);
    return { status: response.status, headers: received, body: new Uint8Array(await response.arrayBuffer()) };
  });
}

/** The parameters of a kick-off by POST, without the types of their values. */
export function parametersOf({ body }: Pick<ReceivedRequest, 'body'>): Readonly<Record<string, string>>[] {
  const { parameter } = JSON.parse(body) as { readonly parameter: readonly Parameter[] };
  return parameter.map(({ name, valueReference, ...values }) => ({
    [name]: valueReference?.reference ?? String(Object.values(values)[0]),
  }));
}

interface Parameter {
  readonly name: string;
  readonly valueReference?: { readonly reference: string };
}
