import { z } from 'zod';
import { runCommand } from './cli/run-command.ts';

// Encrypts all stored secrets with the current key, while API and workers are running. See docs/how-to/rotate-keys.md.
// Usage: node apps/api/src/rotate-encryption-key.ts [--dry-run]
await runCommand({
  name: 'rotate-encryption-key',
  usage: 'rotate-encryption-key [--dry-run]',
  options: { 'dry-run': { type: 'boolean', default: false } },
  schema: z.object({ 'dry-run': z.boolean() }),
  async run({ store, args }) {
    const target = { dryRun: String(args['dry-run']) };
    const { fields, otherProcesses, hasPreviousKeys } = await store.rotateEncryptionKey({ dryRun: args['dry-run'] });
    for (const field of fields) console.log(JSON.stringify(field));
    if (otherProcesses.length > 0) {
      console.log(
        `The rotation is not complete, because these processes encrypt with another key: ${otherProcesses.join(', ')}. Start them and this command with the new key in BULKHEAD_ENCRYPTION_KEY and the old one in BULKHEAD_PREVIOUS_ENCRYPTION_KEYS, then run this command again. A process that was killed is listed for one minute.`,
      );
      return { exitCode: 1, target };
    }
    const remaining = fields.reduce((sum, { left }) => sum + left, 0);
    if (remaining === 0 && hasPreviousKeys) {
      console.log(
        'All values are encrypted with the current key, but an earlier key is still registered, and no process starts without it. Run this command again without --dry-run.',
      );
      return { exitCode: 1, target };
    }
    if (remaining === 0) {
      console.log('All values are encrypted with the current key.');
      return { exitCode: 0, target };
    }
    console.log(`${remaining} values are encrypted with a key other than the current one.`);
    if (!args['dry-run']) {
      console.log(
        'A process still encrypts with an earlier key, or their key is not in BULKHEAD_PREVIOUS_ENCRYPTION_KEYS. Correct that, then run this command again.',
      );
    }
    return { exitCode: 1, target };
  },
});
