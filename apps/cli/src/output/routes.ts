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
  [/PUT \/api\/ehr\/connections\/\{id\}\/webhook/g, '`bulkhead webhooks set ID`'],
  [/GET \/api\/ehr\/\{provider\}\/documents\?connectionId=\.\.\./g, '`bulkhead documents list --connection ID`'],
  [/GET \/api\/ehr\/webhook-deliveries/g, '`bulkhead webhooks deliveries --connection ID`'],
  [/GET \/\.well-known\/jwks\.json/g, '`bulkhead signing-keys jwks`'],
  [/GET \/api\/ehr\/(clients|connections|schedules|erasures|quarantine|sessions|signing-keys)/g, '`bulkhead $1 list`'],
  [/GET \/api\/ehr\/api-keys/g, '`bulkhead keys list`'],
  [/POST \/api\/ehr\/api-keys/g, '`bulkhead keys create`'],
  [/POST \/api\/ehr\/signing-keys/g, '`bulkhead signing-keys create`'],
];

/** Names the commands of this program in a message of the API, which names routes. */
export function toCommands(message: string): string {
  return commandsOfRoutes.reduce((text, [route, command]) => text.replaceAll(route, command), message);
}
