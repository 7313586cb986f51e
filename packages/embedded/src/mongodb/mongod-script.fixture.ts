/** A script that accepts the options of `mongod` that are used here and runs `engine` with them. */
export function mongodScript(engine: string): string {
  return `
while [ $# -gt 0 ]; do
  case $1 in --dbpath) data=$2 ;; --port) port=$2 ;; --bind_ip) host=$2 ;; esac
  shift
done
exec ${engine} --host "$host" --port "$port" --storage-path "$data" --cache-size 256M --log-level WARNING --sync-on-commit`;
}
