// Started by a test. The event loop of this process freezes for ever, or for a short time if `brief` is an argument.
import { startFreezeGuard } from '../process/freeze-guard.ts';

startFreezeGuard({ exitAfterMs: 3000, name: 'frozen' });
const isBrief = process.argv.includes('brief');
const endsAt = performance.now() + 1500;
// Freeze only after the guard has seen the process alive.
setTimeout(() => {
  while (!isBrief || performance.now() < endsAt);
}, 200);
