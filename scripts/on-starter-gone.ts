/**
 * Calls back when the bootstrap that started this process has died without a word (kill -9): it holds the other end of an IPC
 * channel. Started without a bootstrap, there is nobody to watch.
 */
export function onStarterGone(callback: () => void): void {
  if (!process.connected) return;
  process.channel?.unref();
  process.once('disconnect', callback);
}
