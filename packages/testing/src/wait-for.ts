/**
 * Calls `condition` until it returns something truthy, and returns that.
 * @throws the condition's last error, or an error that names `what`, after `timeoutMs`
 */
export async function waitFor<Value>(
  condition: () => Value | Promise<Value>,
  { timeoutMs = 20_000, intervalMs = 20, what = 'the condition' } = {},
): Promise<NonNullable<Value>> {
  const deadlineMs = Date.now() + timeoutMs;
  let lastError: unknown;
  while (Date.now() < deadlineMs) {
    try {
      const value = await condition();
      if (value) return value as NonNullable<Value>;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
  throw lastError ?? new Error(`waited ${timeoutMs} ms for ${what}`);
}
