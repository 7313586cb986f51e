import { once } from 'node:events';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { makeSelfSigned, startConnectProxy } from '@bulkhead/testing';

const fhirPath = '/fhir/r4';

/**
 * The https hosts of vendors on this machine: a proxy (`HTTPS_PROXY`) leads all of them to one TLS server, and that one to a simulator. Their FHIR
 * base URLs have any path.
 */
export async function startVendorHosts(options: {
  readonly endpoints: readonly string[];
  /** Further hosts. */
  readonly hosts: readonly string[];
}) {
  const endpoints = options.endpoints.map((endpoint) => new URL(endpoint));
  const certificate = makeSelfSigned([...new Set([...endpoints.map(({ hostname }) => hostname), ...options.hosts])]);
  let target = '';
  const server = createServer(certificate, (req, res) => void passOn(req, res)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await startConnectProxy(200, (server.address() as AddressInfo).port);

  function passOn(req: IncomingMessage, res: ServerResponse): void {
    const { url = '', method, headers } = req;
    const base = endpoints.find(({ hostname, pathname }) => hostname === headers.host && url.startsWith(pathname));
    const path = base ? fhirPath + url.slice(base.pathname.length) : url;
    const forwarded = request(`${target}${path}`, { method, headers }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(res);
    });
    forwarded.on('error', () => res.destroy());
    req.pipe(forwarded);
  }

  return {
    certificate: certificate.cert,
    proxyUrl: proxy.url,
    /** Leads the hosts to a simulator. */
    leadTo(url: string): void {
      target = url;
    },
    /** The hosts that were requested. */
    requested: () => new Set(proxy.requests.map((connect) => connect.target)),
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      server.closeAllConnections();
      server.close();
    },
  };
}
