/** Redis, as `REDIS_URL` names it. */
export interface RedisAddress {
  readonly hasTls: boolean;
  /** Of the server, or of its Sentinels. */
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  /** The name of the primary at the Sentinels. Undefined: the host is the server. */
  readonly sentinelName: string | undefined;
  readonly username: string | undefined;
  readonly password: string | undefined;
}

const redisPort = 6379;
const sentinelPort = 26_379;

/** `URL` cannot parse several hosts with ports. */
const sentinelPattern =
  /^(?<protocol>rediss?)\+sentinel:\/\/(?:(?<login>[^@/]*)@)?(?<hosts>[^/?#@]+)\/(?<name>[A-Za-z0-9_.-]+)$/;
const hostPattern = /^(?<host>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_.-]+)(?::(?<port>\d{1,5}))?$/;

/**
 * Reads `redis://host`, `rediss://user:password@host:port/0`, or `redis+sentinel://user:password@host1:port,host2/name`, whose user and
 * password are those of the server. @returns undefined if the text has no such form
 */
export function readRedisUrl(text: string): RedisAddress | undefined {
  const found = sentinelPattern.exec(text)?.groups;
  if (found) return readSentinels(found);
  if (!URL.canParse(text)) return undefined;
  const { protocol, hostname: host, port, username, password } = new URL(text);
  if (protocol !== 'redis:' && protocol !== 'rediss:') return undefined;
  const hosts = [{ host, port: Number(port) || redisPort }];
  return { hasTls: protocol === 'rediss:', hosts, sentinelName: undefined, ...loginOf(username, password) };
}

function readSentinels(found: { readonly [group: string]: string | undefined }): RedisAddress | undefined {
  const { protocol, login = '', hosts: list = '', name: sentinelName } = found;
  const hosts = list.split(',').map((text) => {
    const { host = '', port } = hostPattern.exec(text)?.groups ?? {};
    return { host, port: port === undefined ? sentinelPort : Number(port) };
  });
  if (hosts.some(({ host, port }) => host === '' || port < 1 || port > 65_535)) return undefined;
  const [username = '', ...password] = login.split(':');
  return { hasTls: protocol === 'rediss', hosts, sentinelName, ...loginOf(username, password.join(':')) };
}

function loginOf(username: string, password: string): Pick<RedisAddress, 'username' | 'password'> {
  const decoded = (text: string) => (text === '' ? undefined : decodeURIComponent(text));
  return { username: decoded(username), password: decoded(password) };
}

/** The hosts in `REDIS_URL`, for a log. */
export function redisHosts(text: string): string {
  return (readRedisUrl(text)?.hosts ?? []).map(({ host, port }) => `${host}:${port}`).join();
}
