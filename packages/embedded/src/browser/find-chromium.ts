import { installWithApt, whyNoApt } from '../apt/install-with-apt.ts';
import { findOnPath } from '../processes/find-on-path.ts';

/** A browser without a window takes a fifth of the CPU time of a browser that draws its window. */
const headless = 'chromium-headless-shell';
const commands = [headless, 'chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
/** The second package is for distributions that do not have the first. */
const packages = [headless, 'chromium'];

/** Finds a Chromium for tests of pages: an installed one, or Debian's package. @returns why there is none otherwise */
export async function findChromium(options: {
  readonly env: NodeJS.ProcessEnv;
  readonly progress: (text: string) => void;
}): Promise<{ readonly command: string } | { readonly missing: string }> {
  const { env, progress } = options;
  const find = () => commands.map((command) => findOnPath({ command, env })).find((path) => path !== undefined);
  const path = find();
  if (path) return { command: path };
  const reason = whyNoApt(env);
  if (reason) return { missing: reason };
  let missing = '';
  for (const name of packages) {
    try {
      await installWithApt({ packages: [name, 'fonts-dejavu-core'], context: { env, progress } });
      const installed = find();
      if (installed) return { command: installed };
      missing = `apt-get installed ${name}, but there is no command for it`;
    } catch (error) {
      // The distribution does not have the package, or there is no network.
      missing = error instanceof Error ? error.message : String(error);
    }
  }
  return { missing };
}
