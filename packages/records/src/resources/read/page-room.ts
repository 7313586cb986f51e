/** A page ends early at this size, so that large documents cannot fill the memory. A page of 1,000 typical ones has 2 MB. */
const maxPageCharacters = 8 * 1024 * 1024;

/** Of a thousand pages, nearly all are smaller. */
const usualPageCharacters = 1024 * 1024;

/** What a page still has room for, by number and by the characters of JSON. The first resource always fits, however large it is. */
export class PageRoom {
  #count;
  #characters = 0;
  #isEmpty = true;

  constructor(count: number) {
    this.#count = count;
  }

  /** How many more resources fit, if they are small. */
  get count(): number {
    return this.#count;
  }

  /** Whether the page needs so much memory that a process can hold only a few of its kind. */
  get isLarge(): boolean {
    return this.#characters > usualPageCharacters;
  }

  fits(characters: number): boolean {
    return this.#count > 0 && (this.#isEmpty || this.#characters + characters <= maxPageCharacters);
  }

  add(characters: number): void {
    this.#count -= 1;
    this.#characters += characters;
    this.#isEmpty = false;
  }
}
