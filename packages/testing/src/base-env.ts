/** What a program gets of our environment if a test gives it one of its own: where to find commands, and modules that are compiled already. */
export function baseEnv(): NodeJS.ProcessEnv {
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  return { ...(PATH && { PATH }), ...(NODE_COMPILE_CACHE && { NODE_COMPILE_CACHE }) };
}
