import { stripVTControlCharacters } from 'node:util';

/** Follows what `cargo install` prints and says where it is. */
export class CargoProgress {
  #built = '';
  #current = '';

  /** @returns the new one-line state, or undefined if the line says nothing about it. */
  follow(printed: string): string | undefined {
    const line = stripVTControlCharacters(printed);
    // Written by its progress bar, `\r` and colours around it: "Building [====>   ] 57/213: serde, wiredtiger-sys(build)"
    const building = /Building \[[^\]]*\]\s*(\d+)\/(\d+)(?::\s*([^,]+))?/.exec(line);
    const started = /(Compiling|Downloading|Downloaded|Updating|Installing)\s+(.+)$/.exec(line);
    if (building) this.#built = `${building[1]}/${building[2]} parts built`;
    const current = building?.[3]?.trim().replace(/\.\.\.$/, '') ?? (started && this.#describe(started));
    if (current) this.#current = current;
    if (!building && !started) return undefined;
    return [this.#built, this.#current && `now ${this.#current}`].filter(Boolean).join(', ');
  }

  #describe([, verb, what]: RegExpExecArray): string {
    return verb === 'Compiling' ? `${what}` : `${verb?.toLowerCase()} ${what}`;
  }
}
