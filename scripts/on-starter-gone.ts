/**
 * Calls back when the bootstrap that started this process has ended without a signal (kill -9). The bootstrap holds the
 * other end of an IPC channel. Without a bootstrap, nothing is watched.
 */
export function onStarterGone(callback: () => void): void {
  if (!process.connected) return;
  process.channel?.unref();
  process.once('disconnect', callback);
}
