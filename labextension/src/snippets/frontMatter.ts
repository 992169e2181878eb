const FRONT_MATTER = /^\uFEFF?---[ \t]*\r?\n[\s\S]*?^---[ \t]*(?:\r?\n|$)/m;

/** A card without its front matter, which is shown as a table instead. */
export function stripFrontMatter(text: string): string {
  const match = FRONT_MATTER.exec(text);
  return match?.index === 0 ? text.slice(match[0].length) : text;
}
