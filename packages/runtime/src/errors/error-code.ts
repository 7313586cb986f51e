/**
 * The code of an error, such as ECONNREFUSED. The code of an error reply of Redis is its first word, such as OOM or READONLY.
 * The other words may quote a command.
 */
export function errorCode(error: Error): unknown {
  const { code } = error as { readonly code?: unknown };
  return code ?? (error.name === 'ReplyError' ? /^[A-Z]+(?= |$)/.exec(error.message)?.[0] : undefined);
}
