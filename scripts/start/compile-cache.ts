import { join } from 'node:path';

/** For NODE_COMPILE_CACHE: sources whose types are stripped already. The next process starts faster and 20 MB smaller. */
export const compileCache = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'compile');
