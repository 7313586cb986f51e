import { isIP } from 'node:net';
import { readRedisUrl } from './redis-url.ts';

export interface ServerAddresses {
  readonly REDIS_URL: string;
  readonly MONGODB_URI: string;
}

/**
 * Lists connections to Redis and MongoDB that others on the network could read or use, because they have no TLS or no password.
 * Servers on this host are skipped, because their traffic does not leave it.
 * @returns a sentence per fault, without addresses and credentials
 */
export function exposedConnections({ REDIS_URL, MONGODB_URI }: ServerAddresses): string[] {
  return [...faultsOf(redis(REDIS_URL)), ...faultsOf(mongodb(MONGODB_URI))];
}

interface Server {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly hasTls: boolean;
  readonly hasPassword: boolean;
  readonly useTls: string;
  readonly usePassword: string;
}

function faultsOf({ name, hosts, hasTls, hasPassword, useTls, usePassword }: Server): string[] {
  if (hosts.every(isThisHost)) return [];
  return [
    ...(hasTls ? [] : [`The connection to ${name} is not encrypted. ${useTls}`]),
    ...(hasPassword ? [] : [`The connection to ${name} has no password. ${usePassword}`]),
  ];
}

function redis(address: string): Server {
  const { hosts = [], hasTls = false, password } = readRedisUrl(address) ?? {};
  return {
    name: 'Redis',
    hosts: hosts.map(({ host }) => host),
    hasTls,
    hasPassword: password !== undefined,
    useTls: 'Use a rediss:// or rediss+sentinel:// URL in REDIS_URL.',
    usePassword: 'Set one in Redis and in REDIS_URL.',
  };
}

/** Reads `mongodb://user:password@host1:port,host2/database?options`. `URL` cannot parse it, because it can name several hosts. */
function mongodb(address: string): Server {
  const { protocol = '', login, hosts = '', query = '' } = mongodbPattern.exec(address)?.groups ?? {};
  const options = new URLSearchParams(query.toLowerCase());
  const isSrv = protocol === 'mongodb+srv';
  const tls = options.get('tls') ?? options.get('ssl') ?? String(isSrv);
  const isByCertificate = options.get('authmechanism') === 'mongodb-x509';
  return {
    name: 'MongoDB',
    hosts: hosts.split(',').map((host) => host.replace(/:\d+$/, '')),
    hasTls: tls === 'true',
    hasPassword: login?.includes(':') === true || isByCertificate,
    useTls: 'Add tls=true to the options of MONGODB_URI.',
    usePassword: 'Create a user in MongoDB and add it to MONGODB_URI.',
  };
}

const mongodbPattern =
  /^(?<protocol>[^:]+):\/\/(?:(?<login>[^@/]*)@)?(?<hosts>[^/?]+)(?:\/[^?]*)?(?:\?(?<query>.*))?$/s;

function isThisHost(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '');
  // The path of a Unix socket, which the driver requires percent-encoded.
  if (host.includes('%2F')) return true;
  if (isIP(address) === 4) return address.startsWith('127.');
  return address === '::1' || address === 'localhost';
}
