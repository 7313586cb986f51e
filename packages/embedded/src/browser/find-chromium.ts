import { installWithApt, whyNoApt } from '../apt/install-with-apt.ts';
import { findOnPath } from '../processes/find-on-path.ts';

const commands = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

/** A Chromium for tests of pages: the machine's, or Debian's package. @returns otherwise why there is none. */
export async function findChromium(options: {
  readonly env: NodeJS.ProcessEnv;
  readonly progress: (text: string) => void;
}): Promise<{ readonly command: string } | { readonly missing: string }> {
  const { env, progress } = options;
  const find = () => commands.map((command) => findOnPath({ command, env })).find((path) => path !== undefined);
  const found = find();
  if (found) return { command: found };
  const reason = whyNoApt(env);
  if (reason) return { missing: reason };
  try {
    await installWithApt({ packages: ['chromium', 'fonts-dejavu-core'], context: { env, progress } });
  } catch (error) {
    // A distribution without the package, or without a network.
    return { missing: error instanceof Error ? error.message : String(error) };
  }
  const installed = find();
  return installed ? { command: installed } : { missing: 'apt-get installed chromium, but there is no command for it' };
}
