/** The routes that messages of the API name, and the commands that call them. */
const commandsOfRoutes: readonly (readonly [RegExp, string])[] = [
  [
    /(GET \/api\/ehr\/(connections|schedules)), or create one with POST/g,
    '$1, or create one with `bulkhead $2 create`',
  ],
  [
    /Open GET \/api\/ehr\/[^/\s]+\/authorize\?connectionId=(\S+?) in a browser(?:, or create a start URL with POST to the same path)?(?=[.])/g,
    'Run `bulkhead connections authorize --connection $1`, and open the URL that it prints in a browser',
  ],
  [/send `force: true`/g, 'add `--force`'],
  [/POST \/api\/ehr\/connections\/([^/\s]+)\/test/g, '`bulkhead connections test $1`'],
  [
    /GET \/api\/ehr\/\{provider\}\/documents\?connectionId=\.\.\./g,
    '`bulkhead api GET /api/ehr/PROVIDER/documents --field connectionId=ID`',
  ],
  [/GET \/api\/ehr\/(clients|connections|schedules|erasures|quarantine|sessions)\b/g, '`bulkhead $1 list`'],
  [/GET \/api\/ehr\/\{provider\}\/tables/g, '`bulkhead tables list`'],
  [/GET \/api\/ehr\/api-keys/g, '`bulkhead keys list`'],
  [/POST \/api\/ehr\/api-keys/g, '`bulkhead keys create`'],
  [
    /(?<!bulkhead api )\b(GET|POST|PUT|PATCH|DELETE) (\/(?:api\/ehr\/|\.well-known\/)[\w/{}.-]*[\w}])/g,
    '`bulkhead api $1 $2`',
  ],
];

/** Names the commands of this program in a message of the API, which names routes. */
export function toCommands(message: string): string {
  return commandsOfRoutes.reduce((text, [route, command]) => text.replaceAll(route, command), message);
}
